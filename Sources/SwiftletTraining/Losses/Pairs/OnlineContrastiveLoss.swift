// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// A contrastive loss over the hard pairs of a batch: the sum of d² over hard positives, pairs with y = 1, and of max(m
/// - d, 0)² over hard negatives, pairs with y = 0.
///
/// A negative is hard if it is nearer than the farthest positive, and a positive if it is farther than the nearest
/// negative. In a batch without positives, negatives are hard if they are nearer than their mean; without negatives,
/// positives are hard if they are farther than their mean. Without hard pairs the loss is 0. Pairs with other targets
/// are ignored.
///
/// The rule is that of sentence-transformers 6.2; earlier versions ignored a single positive or negative.
public struct OnlineContrastiveLoss: NamedLoss, BoundedTargetsLoss {
  /// The distance between two vectors.
  public let distance: Distance

  /// m: the distance that dissimilar pairs should have at least.
  public let margin: Float

  /// The loss.
  public init(distance: Distance = .cosine, margin: Float = 0.5) {
    self.distance = distance
    self.margin = margin
  }

  /// Computes the loss of a batch.
  public func callAsFunction(_ pairs: PairBatch) -> LossValue {
    let d = pairs.first.distances(to: pairs.second, distance), values = d.values
    let positives = pairs.positives.map { values[$0] }, negatives = pairs.negatives.map { values[$0] }
    let farthest = positives.max() ?? BatchStatistics.mean(negatives) ?? 0
    let nearest = negatives.min() ?? BatchStatistics.mean(positives) ?? 0
    // Negated comparisons include NaN, which must show in the loss.
    let hardPositives = d.elements(pairs.positives.filter { !(values[$0] <= nearest) })
    let hardNegatives = d.elements(pairs.negatives.filter { !(values[$0] >= farthest) })
    let shortfall = (margin - hardNegatives).relu()
    let active = (hardPositives.values + shortfall.values).count { $0 > 0 }
    return LossValue(
      hardPositives.square().sum() + shortfall.square().sum(),
      statistics: pairs.statistics(distances: d, activeFraction: Float(active) / Float(max(values.count, 1))))
  }

  /// 0
  public var valueOfCollapse: Float? { 0 }

  package static let targets = 0.0...1.0

  // MARK: Named loss

  /// `online-contrastive`
  public static let name = "online-contrastive"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .cosine, margin: parameters.margin ?? 0.5)
  }
}
