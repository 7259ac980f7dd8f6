// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Each anchor with its farthest positive p and its nearest negative n of the batch: mean_a max(d_ap - d_an + m, 0).
///
/// The mean is over all rows of the batch. One without a positive counts with d_ap = 0, so it still pushes its nearest
/// negative away; in a batch of one label the loss is m and has no gradient. Where all vectors are equal it is m, too.
///
/// Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, arXiv:1703.07737, 2017.
public struct BatchHardTripletLoss: LabeledLoss {
  /// How far two vectors are from each other.
  public let distance: Distance

  /// m: how much farther than the positive a negative shall be.
  public let margin: Float

  /// The loss; of unit vectors, which are at most 2 apart, with a margin far below 2.
  public init(distance: Distance = .euclidean, margin: Float = 5) {
    self.distance = distance
    self.margin = margin
  }

  /// The loss of a batch.
  public func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue {
    let batch = LabeledDistances(among: vectors, distance, labels: labels, in: context)
    let excess = context.difference(batch.hardestPositives(), batch.hardestNegatives())
    let terms = context.relu(context.sum(excess, margin))
    return LossValue(context.mean(of: terms), statistics: batch.statistics(terms: terms))
  }

  /// m
  public var valueOfCollapse: Float? { margin }
}
