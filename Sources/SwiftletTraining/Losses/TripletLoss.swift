// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Triplets that are given: the mean of max(d_ap - d_an + m, 0), where an anchor with K negatives makes K triplets.
///
/// Where all vectors are equal the loss is m.
///
/// Weinberger, Saul: Distance metric learning for large margin nearest neighbor classification, JMLR 10, 2009;
/// Schroff, Kalenichenko, Philbin: FaceNet, arXiv:1503.03832, 2015.
public struct TripletLoss: AnchorwiseLoss, NamedLoss {
  /// How far two vectors are from each other.
  public let distance: Distance

  /// m: how much farther than the positive a negative shall be.
  public let margin: Float

  /// The loss. For unit vectors, whose distance is at most 2, choose a margin well below 2.
  public init(distance: Distance = .euclidean, margin: Float = 5) {
    self.distance = distance
    self.margin = margin
  }

  /// max(d_ap - d_an + m, 0) of each anchor with each of its negatives.
  public func terms(_ batch: TripletBatch, anchors: Range<Int>) -> LossTerms {
    let distances = TripletDistances(batch, distance, anchors: anchors)
    let terms = (distances.positivesOfEachNegative() - distances.negatives + margin).relu()
    return LossTerms(terms, statistics: distances.statistics(terms: terms))
  }

  /// m
  public var valueOfCollapse: Float? { margin }

  // MARK: Named loss

  /// `triplet`
  public static let name = "triplet"

  /// The loss of parameters that a user may have left out.
  public init(_ parameters: LossParameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean, margin: parameters.tripletMargin)
  }
}
