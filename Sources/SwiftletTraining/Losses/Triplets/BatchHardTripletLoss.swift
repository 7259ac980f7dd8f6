// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of each anchor with its farthest positive p and nearest negative n in the batch:
/// mean_a max(d_ap - d_an + m, 0).
///
/// The mean is over all rows of the batch. A row without a positive has d_ap = 0, so it still pushes its nearest
/// negative away. In a batch of one label the loss is m and has no gradient. If all vectors are equal, the loss is m,
/// too.
///
/// Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, arXiv:1703.07737, 2017.
public struct BatchHardTripletLoss: AnchorwiseLoss, NamedLoss {
  /// The distance between two vectors.
  public let distance: Distance

  /// m: the difference that the distance of a negative should exceed that of the positive by.
  public let margin: Float

  /// Creates the loss. For unit vectors, whose distance is at most 2, choose a margin well below 2.
  public init(distance: Distance = .euclidean, margin: Float = 5) {
    self.distance = distance
    self.margin = margin
  }

  /// max(d_ap - d_an + m, 0) of each anchor.
  public func terms(_ batch: LabeledBatch, anchors: Range<Int>) -> LossTerms {
    let distances = LabeledDistances(batch, distance, anchors: anchors)
    let terms = (distances.hardestPositives() - distances.hardestNegatives() + margin).relu()
    return LossTerms(terms, statistics: distances.statistics(terms: terms))
  }

  /// m
  public var valueOfCollapse: Float? { margin }

  // MARK: Named loss

  /// `batch-hard-triplet`
  public static let name = "batch-hard-triplet"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean, margin: parameters.tripletMargin)
  }
}
