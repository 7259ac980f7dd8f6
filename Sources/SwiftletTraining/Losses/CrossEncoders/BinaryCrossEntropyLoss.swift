// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// A loss of classifying pairs of texts by a cross-encoder's logits z with the targets y, from 0 to 1:
/// mean_i (log(1 + exp(z_i)) - y_i z_i).
///
/// This is the cross-entropy of y and the sigmoid of z. As `BinaryCrossEntropyLoss` of sentence-transformers'
/// cross-encoders.
public struct BinaryCrossEntropyLoss: AnchorwiseLoss, NamedLoss {
  /// The loss.
  public init() {}

  /// log(1 + exp(z_i)) - y_i z_i of each pair.
  public func terms(_ batch: ScoredBatch, anchors: Range<Int>) -> LossTerms {
    let z = batch.logits.elements(anchors), targets = Array(batch.targets[anchors])
    return LossTerms(z.softplus() - Variable(Tensor(targets, shape: [targets.count])) * z)
  }

  // MARK: Named loss

  /// `binary-cross-entropy`
  public static let name = "binary-cross-entropy"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([], of: Self.self)
    self.init()
  }
}

extension BinaryCrossEntropyLoss: BoundedTargetsLoss {
  package static var targets: ClosedRange<Double> { 0...1 }
}
