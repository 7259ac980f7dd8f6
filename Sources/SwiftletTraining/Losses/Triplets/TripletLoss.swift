// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss for given triplets: the mean of max(d_ap - d_an + m, 0). An anchor with K negatives forms K triplets.
///
/// If all vectors are equal, the loss is m.
///
/// Weinberger, Saul: Distance metric learning for large margin nearest neighbor classification, JMLR 10, 2009;
/// Schroff, Kalenichenko, Philbin: FaceNet, arXiv:1503.03832, 2015.
public struct TripletLoss: AnchorwiseLoss, NamedLoss {
  /// The distance between two vectors.
  public let distance: Distance

  /// m: the difference that the distance of a negative should exceed that of the positive by.
  public let margin: Float

  /// Creates the loss. For unit vectors, whose distance is at most 2, choose a margin well below 2.
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

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean, margin: parameters.tripletMargin)
  }
}
