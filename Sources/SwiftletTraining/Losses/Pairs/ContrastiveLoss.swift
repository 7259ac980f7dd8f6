// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss for pairs with y = 1 for similar and 0 for not: the mean of (y d² + (1 - y) max(m - d, 0)²) / 2.
///
/// Textbooks also give it without the factor 1/2, with the euclidean distance and m = 2.
///
/// Hadsell, Chopra, LeCun: Dimensionality reduction by learning an invariant mapping, CVPR 2006.
public struct ContrastiveLoss: AnchorwiseLoss, NamedLoss, BoundedTargetsLoss {
  /// The distance between two vectors.
  public let distance: Distance

  /// m: the distance that dissimilar pairs should have at least.
  public let margin: Float

  /// The loss.
  public init(distance: Distance = .cosine, margin: Float = 0.5) {
    self.distance = distance
    self.margin = margin
  }

  /// (y d² + (1 - y) max(m - d, 0)²) / 2 of each pair.
  public func terms(_ batch: PairBatch, anchors: Range<Int>) -> LossTerms {
    let pairs = batch.pairs(anchors), y = pairs.y
    let d = pairs.first.distances(to: pairs.second, distance)
    let terms = (y * d.square() + (1 - y) * (margin - d).relu().square()) / 2
    return LossTerms(
      terms, statistics: pairs.statistics(distances: d, activeFraction: BatchStatistics.activeFraction(of: terms)))
  }

  package static let targets = 0.0...1.0

  // MARK: Named loss

  /// `contrastive`
  public static let name = "contrastive"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .cosine, margin: parameters.margin ?? 0.5)
  }
}
