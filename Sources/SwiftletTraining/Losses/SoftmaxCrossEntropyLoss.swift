// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

/// Logits z and the label y of each row: mean_i (log Σ_c exp(z_ic) - z_iy).
///
/// A trainer makes the logits by a linear layer of its own, which it throws away: ``ClassBatch``.
public struct SoftmaxCrossEntropyLoss: AnchorwiseLoss, NamedLoss {
  /// The loss.
  public init() {}

  /// log Σ_c exp(z_ic) - z_iy of each row.
  public func terms(_ batch: ClassBatch, anchors: Range<Int>) -> LossTerms {
    let z = batch.logits.rows(anchors), classes = z.shape[1]
    let ofLabels = z.elements(batch.labels[anchors].enumerated().map { $0 * classes + $1 })
    return LossTerms(z.rowLogSumExps() - ofLabels)
  }

  // MARK: Named loss

  /// `softmax-cross-entropy`
  public static let name = "softmax-cross-entropy"

  /// The loss of parameters that a user may have left out.
  public init(_ parameters: LossParameters) throws {
    try parameters.check([], of: Self.self)
    self.init()
  }
}
