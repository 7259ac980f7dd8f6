// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Each pair of an anchor and a positive with its hardest semi-hard negative n, the nearest of the band
/// d_ap < d_an < d_ap + m: the mean of d_ap - d_an + m over the pairs that have one.
///
/// A pair whose band is empty is left out: it adds neither to the sum nor to the count. The paper says of the band
/// only that negatives nearer than the positive may collapse the model early on, not what to do without any. Where no
/// pair of the batch has a semi-hard negative the loss is 0; so it is where all vectors are equal, since none is
/// farther than the positive. The active fraction is the share of pairs that have one.
///
/// Schroff, Kalenichenko, Philbin: FaceNet: a unified embedding for face recognition and clustering,
/// arXiv:1503.03832, 2015, section 3.2 (with the squared euclidean distance of unit vectors and m = 0.2).
public struct FaceNetSemiHardTripletLoss: AnchorwiseLoss, NamedLoss {
  /// How far two vectors are from each other.
  public let distance: Distance

  /// m: how much farther than the positive a negative shall be.
  public let margin: Float

  /// The loss. For unit vectors, whose distance is at most 2, choose a margin well below 2.
  public init(distance: Distance = .euclidean, margin: Float = 5) {
    self.distance = distance
    self.margin = margin
  }

  /// d_ap - d_an + m of each anchor with each of its positives that has a semi-hard negative.
  public func terms(_ batch: LabeledBatch, anchors: Range<Int>) -> LossTerms {
    let distances = LabeledDistances(batch, distance, anchors: anchors)
    var positives: [(Int, Int)] = [], negatives: [(Int, Int)] = [], pairCount = 0
    for anchor in anchors {
      let ranked = distances.negatives(of: anchor)
      for positive in distances.positives(of: anchor) {
        pairCount += 1
        let d = distances[anchor, positive]
        let rank = ranked.count { $0 <= d }
        // `<=`, not `>`: a distance that is NaN must show in the loss.
        guard rank < ranked.count, !(d - ranked.distance(rank) + margin <= 0) else { continue }
        positives.append((anchor, positive))
        negatives.append((anchor, ranked.row(rank)))
      }
    }
    return LossTerms(
      distances.distances(positives) - distances.distances(negatives) + margin,
      statistics: distances.statistics(
        activeFraction: pairCount == 0 ? nil : Float(positives.count) / Float(pairCount)))
  }

  /// 0
  public var valueOfCollapse: Float? { 0 }

  // MARK: Named loss

  /// `facenet-semi-hard-triplet`
  public static let name = "facenet-semi-hard-triplet"

  /// The loss of parameters that a user may have left out.
  public init(_ parameters: LossParameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean, margin: parameters.tripletMargin)
  }
}
