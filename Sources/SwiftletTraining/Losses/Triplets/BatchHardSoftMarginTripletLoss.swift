// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of each anchor with its farthest positive p and nearest negative n in the batch: mean_a log(1 + exp(d_ap -
/// d_an)).
///
/// No term is ever 0, so the active fraction counts anchors whose positive is farther than the negative. Anchors
/// without a positive and batches of one label are treated as in ``BatchHardTripletLoss``. If all vectors are equal,
/// the loss is log 2.
///
/// Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification, arXiv:1703.07737, 2017.
public struct BatchHardSoftMarginTripletLoss: AnchorwiseLoss, NamedLoss {
  /// The distance between two vectors.
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

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.distance], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean)
  }
}
