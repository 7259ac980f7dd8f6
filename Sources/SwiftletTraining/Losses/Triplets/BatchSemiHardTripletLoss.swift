// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of each pair of an anchor and a positive with the nearest negative n that is farther than the positive, or
/// else the farthest negative: the mean over all pairs of max(d_ap - d_an + m, 0).
///
/// This is sentence-transformers' rule (and TensorFlow Addons'): n need not lie within the margin, and pairs whose term
/// is 0 count in the mean. Without any pair the loss is 0. In a batch of one label d_an = 0, so that positives are
/// still pulled together. ``FaceNetSemiHardTripletLoss`` follows the paper's rule.
public struct BatchSemiHardTripletLoss: AnchorwiseLoss, NamedLoss {
  /// The distance between two vectors.
  public let distance: Distance

  /// m: the difference that the distance of a negative should exceed that of the positive by.
  public let margin: Float

  /// Creates the loss. For unit vectors, whose distance is at most 2, choose a margin well below 2.
  public init(distance: Distance = .euclidean, margin: Float = 5) {
    self.distance = distance
    self.margin = margin
  }

  /// max(d_ap - d_an + m, 0) of each anchor with each of its positives.
  public func terms(_ batch: LabeledBatch, anchors: Range<Int>) -> LossTerms {
    let distances = LabeledDistances(batch, distance, anchors: anchors)
    let triplets = distances.map { anchor in
      let ranked = distances.negatives(of: anchor)
      return distances.positives(of: anchor).map { positive in
        (anchor, positive, negative(ranked, beyond: distances[anchor, positive]) ?? anchor)
      }
    }.flatMap(\.self)
    let positives = distances.distances(triplets.map { ($0.0, $0.1) })
    let terms = (positives - distances.distances(triplets.map { ($0.0, $0.2) }) + margin).relu()
    return LossTerms(terms, statistics: distances.statistics(terms: terms))
  }

  /// The nearest negative that is farther than the positive, or else the farthest negative. Of equally far negatives
  /// the first is taken.
  private func negative(_ negatives: RankedRows, beyond positive: Float) -> Int? {
    guard negatives.count > 0 else { return nil }
    let nearer = negatives.count { $0 <= positive }
    if nearer < negatives.count { return negatives.row(nearer) }
    let farthest = negatives.distance(negatives.count - 1)
    return negatives.row(negatives.count { $0 < farthest })
  }

  /// m
  public var valueOfCollapse: Float? { margin }

  // MARK: Named loss

  /// `batch-semi-hard-triplet`
  public static let name = "batch-semi-hard-triplet"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.distance, .margin], of: Self.self)
    self.init(distance: parameters.distance ?? .euclidean, margin: parameters.tripletMargin)
  }
}
