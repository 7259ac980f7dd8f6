// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss for pairs with y = 1 for similar and 0 for not, and the cosine c: the mean of y max(m - c, 0) + (1 - y) max(c
/// + m - 1, 0).
///
/// Similar pairs should have a cosine of at least m, other pairs of at most 1 - m. With m = 1 it is PyTorch's
/// `cosine_embedding_loss` with the margin 0.
public struct CosineHingeLoss: AnchorwiseLoss, NamedLoss, BoundedTargetsLoss {
  /// m: the lowest cosine of similar pairs without a penalty.
  public let margin: Float

  /// The loss.
  public init(margin: Float = 1) { self.margin = margin }

  /// y max(m - c, 0) + (1 - y) max(c + m - 1, 0) of each pair.
  public func terms(_ batch: PairBatch, anchors: Range<Int>) -> LossTerms {
    let pairs = batch.pairs(anchors), y = pairs.y
    let c = pairs.first.cosines(to: pairs.second)
    let terms = y * (margin - c).relu() + (1 - y) * (c + (margin - 1)).relu()
    return LossTerms(
      terms, statistics: pairs.statistics(distances: 1 - c, activeFraction: BatchStatistics.activeFraction(of: terms)))
  }

  package static let targets = 0.0...1.0

  // MARK: Named loss

  /// `cosine-hinge`
  public static let name = "cosine-hinge"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.margin], of: Self.self)
    self.init(margin: parameters.margin ?? 1)
  }
}
