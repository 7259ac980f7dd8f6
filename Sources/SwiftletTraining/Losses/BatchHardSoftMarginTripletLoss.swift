// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Each anchor with its farthest positive p and its nearest negative n of the batch: mean_a log(1 + exp(d_ap - d_an)).
///
/// It pulls and pushes without end, ever more softly: no term is 0, so those are called active whose positive is farther
/// than the negative. Anchors without a positive and batches of one label count as with ``BatchHardTripletLoss``; where
/// all vectors are equal the loss is log 2.
///
/// Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, arXiv:1703.07737, 2017.
public struct BatchHardSoftMarginTripletLoss: AnchorwiseLoss, NamedLoss {
  /// How far two vectors are from each other.
  public let distance: Distance

  /// The loss.
  public init(distance: Distance = .euclidean) { self.distance = distance }

  /// log(1 + exp(d_ap - d_an)) of each anchor.
  public func terms(_ batch: LabeledBatch, anchors: Range<Int>) -> LossTerms {
    let distances = LabeledDistances(batch, distance, anchors: anchors)
    let excess = distances.hardestPositives() - distances.hardestNegatives()
    return LossTerms(excess.softplus(), statistics: distances.statistics(terms: excess))
  }

  /// log 2
  public var valueOfCollapse: Float? { 0.693_147_2 }

  // MARK: Named loss

  /// `batch-hard-soft-margin-triplet`
  public static let name = "batch-hard-soft-margin-triplet"

  /// The loss of parameters that a user may have left out.
  public init(_ parameters: LossParameters) throws {
    try parameters.check([.distance], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean)
  }
}
