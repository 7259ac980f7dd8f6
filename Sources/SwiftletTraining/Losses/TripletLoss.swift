// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Triplets that are given: the mean of max(d_ap - d_an + m, 0), where an anchor with K negatives makes K triplets.
///
/// Where all vectors are equal the loss is m.
///
/// Weinberger, Saul: Distance metric learning for large margin nearest neighbor classification, JMLR 10, 2009;
/// Schroff, Kalenichenko, Philbin: FaceNet, arXiv:1503.03832, 2015.
public struct TripletLoss: ExplicitTripletLoss {
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
    let excess = context.difference(batch.positivesOfEachNegative(), batch.negatives)
    let terms = context.relu(context.sum(excess, margin))
    return LossValue(context.mean(of: terms), statistics: batch.statistics(terms: terms))
  }

  /// m
  public var valueOfCollapse: Float? { margin }
}
