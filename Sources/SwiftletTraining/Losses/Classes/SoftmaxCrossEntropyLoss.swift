// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

/// A classification loss of logits z with the label y of each row: mean_i (log Σ_c exp(z_ic) - z_iy).
///
/// The trainer computes the logits with a linear layer that is not saved, see ``ClassBatch``.
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

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([], of: Self.self)
    self.init()
  }
}
