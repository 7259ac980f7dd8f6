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
public struct FaceNetSemiHardTripletLoss: LabeledLoss {
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
  public func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue {
    let batch = LabeledDistances(among: vectors, distance, labels: labels, in: context)
    var positives: [(Int, Int)] = [], negatives: [(Int, Int)] = [], pairCount = 0
    for anchor in labels.indices {
      let ranked = batch.negatives(of: anchor)
      for positive in batch.positives(of: anchor) {
        pairCount += 1
        let d = batch[anchor, positive]
        let rank = ranked.count { $0 <= d }
        // `<=`, not `>`: a distance that is NaN must show in the loss.
        guard rank < ranked.count, !(d - ranked.distance(rank) + margin <= 0) else { continue }
        positives.append((anchor, positive))
        negatives.append((anchor, ranked.row(rank)))
      }
    }
    let excess = context.difference(batch.distances(positives), batch.distances(negatives))
    return LossValue(
      context.mean(of: context.sum(excess, margin)),
      statistics: batch.statistics(
        activeFraction: pairCount == 0 ? nil : Float(positives.count) / Float(pairCount)))
  }

  /// 0
  public var valueOfCollapse: Float? { 0 }
}
