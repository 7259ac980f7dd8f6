// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of each pair of an anchor and a positive with its hardest semi-hard negative n, the nearest in the band d_ap
/// < d_an < d_ap + m: the mean of d_ap - d_an + m over pairs that have one.
///
/// A pair with an empty band is left out of the sum and of the count; the paper does not define this case. If no pair
/// has a semi-hard negative, the loss is 0, for example if all vectors are equal. The active fraction is the fraction
/// of pairs that have a semi-hard negative.
///
/// Schroff, Kalenichenko, Philbin: FaceNet: a unified embedding for face recognition and clustering,
/// arXiv:1503.03832, 2015, section 3.2 (with the squared euclidean distance of unit vectors and m = 0.2).
public struct FaceNetSemiHardTripletLoss: AnchorwiseLoss, NamedLoss {
  /// The distance between two vectors.
  public let distance: Distance

  /// m: the difference that the distance of a negative should exceed that of the positive by.
  public let margin: Float

  /// Creates the loss. For unit vectors, whose distance is at most 2, choose a margin well below 2.
  public init(distance: Distance = .euclidean, margin: Float = 5) {
    self.distance = distance
    self.margin = margin
  }

  /// d_ap - d_an + m of each anchor with each of its positives that has a semi-hard negative.
  public func terms(_ batch: LabeledBatch, anchors: Range<Int>) -> LossTerms {
    let distances = LabeledDistances(batch, distance, anchors: anchors)
    let pairs = distances.map { anchor in
      let ranked = distances.negatives(of: anchor)
      return distances.positives(of: anchor).map { positive -> (Int, Int, Int)? in
        let d = distances[anchor, positive]
        let rank = ranked.count { $0 <= d }
        // `!(… <= 0)` includes NaN, which must show in the loss.
        guard rank < ranked.count, !(d - ranked.distance(rank) + margin <= 0) else { return nil }
        return (anchor, positive, ranked.row(rank))
      }
    }.flatMap(\.self)
    let triplets = pairs.compactMap(\.self), positives = distances.distances(triplets.map { ($0.0, $0.1) })
    return LossTerms(
      positives - distances.distances(triplets.map { ($0.0, $0.2) }) + margin,
      statistics: distances.statistics(
        activeFraction: pairs.isEmpty ? nil : Float(triplets.count) / Float(pairs.count), ofTerms: pairs.count))
  }

  /// 0
  public var valueOfCollapse: Float? { 0 }

  // MARK: Named loss

  /// `facenet-semi-hard-triplet`
  public static let name = "facenet-semi-hard-triplet"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean, margin: parameters.tripletMargin)
  }
}
