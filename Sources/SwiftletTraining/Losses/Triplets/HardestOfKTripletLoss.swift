// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss for given triplets of an anchor, a positive and the nearest of the anchor's K negatives:
/// mean_i max_j max(d_p - d_nj + m, 0).
///
/// If all vectors are equal, the loss is m.
public struct HardestOfKTripletLoss: AnchorwiseLoss, NamedLoss {
  /// The distance between two vectors.
  public let distance: Distance

  /// m: the difference that the distance of a negative should exceed that of the positive by.
  public let margin: Float

  /// Creates the loss. For unit vectors, whose distance is at most 2, choose a margin well below 2.
  public init(distance: Distance = .euclidean, margin: Float = 5) {
    self.distance = distance
    self.margin = margin
  }

  /// max_j max(d_p - d_nj + m, 0) of each anchor: that of its nearest negative.
  public func terms(_ batch: TripletBatch, anchors: Range<Int>) -> LossTerms {
    let distances = TripletDistances(batch, distance, anchors: anchors)
    let terms = (distances.positives - distances.hardestNegatives() + margin).relu()
    return LossTerms(terms, statistics: distances.statistics(terms: terms))
  }

  /// m
  public var valueOfCollapse: Float? { margin }

  // MARK: Named loss

  /// `hardest-of-k-triplet`
  public static let name = "hardest-of-k-triplet"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean, margin: parameters.tripletMargin)
  }
}
