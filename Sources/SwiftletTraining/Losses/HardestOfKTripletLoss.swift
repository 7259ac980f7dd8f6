// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Triplets of an anchor, a positive and the nearest of the anchor's K negatives: mean_i max_j max(d_p - d_nj + m, 0).
///
/// Where all vectors are equal the loss is m.
public struct HardestOfKTripletLoss: ExplicitTripletLoss {
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
  public func callAsFunction(
    anchors: Variable, positives: Variable, negatives: Variable, in context: Context
  ) -> LossValue {
    let batch = TripletDistances(
      anchors: anchors, positives: positives, negatives: negatives, distance, in: context)
    let excess = context.difference(batch.positives, batch.hardestNegatives())
    let terms = context.relu(context.sum(excess, margin))
    return LossValue(context.mean(of: terms), statistics: batch.statistics(terms: terms))
  }

  /// m
  public var valueOfCollapse: Float? { margin }
}
