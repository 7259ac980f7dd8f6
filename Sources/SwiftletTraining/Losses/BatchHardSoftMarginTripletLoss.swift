// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Each anchor with its farthest positive p and its nearest negative n of the batch: mean_a log(1 + exp(d_ap - d_an)).
///
/// It pulls and pushes without end, ever more softly: no term is 0, so those are called active whose positive is farther
/// than the negative. Anchors without a positive and batches of one label count as with ``BatchHardTripletLoss``; where
/// all vectors are equal the loss is log 2.
///
/// Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, arXiv:1703.07737, 2017.
public struct BatchHardSoftMarginTripletLoss: LabeledLoss {
  /// How far two vectors are from each other.
  public let distance: Distance

  /// The loss.
  public init(distance: Distance = .euclidean) { self.distance = distance }

  /// The loss of a batch.
  public func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue {
    let batch = LabeledDistances(among: vectors, distance, labels: labels, in: context)
    let excess = context.difference(batch.hardestPositives(), batch.hardestNegatives())
    return LossValue(context.mean(of: context.softplus(excess)), statistics: batch.statistics(terms: excess))
  }

  /// log 2
  public var valueOfCollapse: Float? { 0.693_147_2 }
}
