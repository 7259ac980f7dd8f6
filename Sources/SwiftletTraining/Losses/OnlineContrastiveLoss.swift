// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// The hard pairs of a batch, with the terms of ``ContrastiveLoss`` without its half: the sum of d² over positives, pairs
/// with y = 1, and of max(m - d, 0)² over negatives, pairs with y = 0.
///
/// A negative is hard if it is nearer than the farthest positive, a positive if it is farther than the nearest negative.
/// In a batch without positives those negatives are hard that are nearer than their mean, and without negatives those
/// positives that are farther. Without hard pairs the loss is 0. Pairs with another target are left out.
///
/// The choice is that of sentence-transformers 6.2; before, a single positive or negative counted as none.
public struct OnlineContrastiveLoss: NamedLoss, BoundedTargetsLoss {
  /// How far two vectors are from each other.
  public let distance: Distance

  /// m: how far pairs that are not alike shall be.
  public let margin: Float

  /// The loss.
  public init(distance: Distance = .cosine, margin: Float = 0.5) {
    self.distance = distance
    self.margin = margin
  }

  /// The loss of a batch.
  public func callAsFunction(_ pairs: PairBatch) -> LossValue {
    let d = pairs.first.distances(to: pairs.second, distance), values = d.values
    let positives = pairs.positives.map { values[$0] }, negatives = pairs.negatives.map { values[$0] }
    let farthest = positives.max() ?? BatchStatistics.mean(negatives) ?? 0
    let nearest = negatives.min() ?? BatchStatistics.mean(positives) ?? 0
    // `!`, not the opposite: a distance that is NaN must show in the loss.
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

  /// The loss of parameters that a user may have left out.
  public init(_ parameters: LossParameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .cosine, margin: parameters.margin ?? 0.5)
  }
}
