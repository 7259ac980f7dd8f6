// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// Logits z and the label y of each row: mean_i (log Σ_c exp(z_ic) - z_iy).
///
/// A trainer makes the logits by a linear layer of its own: parameters `classifier.weight` `[C, D]` and `classifier.bias`
/// `[C]`, which patterns of parameter groups may name. It knows the classes of its data alone, and is not saved.
public struct SoftmaxCrossEntropyLoss: ClassificationLoss {
  /// The loss.
  public init() {}

  /// The loss of a batch.
  public func callAsFunction(logits: Variable, labels: [Int], in context: Context) -> LossValue {
    let rows = logits.tensor.shape[0], classes = logits.tensor.shape[1]
    precondition(rows == labels.count, "\(labels.count) labels for \(rows) rows of logits")
    precondition(labels.allSatisfy((0..<classes).contains), "a label outside 0..<\(classes)")
    let ofLabels = context.elements(of: logits, at: labels.enumerated().map { $0 * classes + $1 })
    return LossValue(context.mean(of: context.difference(context.rowLogSumExps(of: logits), ofLabels)))
  }
}
