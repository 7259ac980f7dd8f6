// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The scaled cosines of some anchors with all documents of the batch: the positives of all anchors, then all
/// negatives.
struct RankingScores {
  /// `[anchors, N + N K]`: s cos(anchor i, document j); document i is the positive of anchor i. Documents that are
  /// neither positive nor negative have a score whose exponential is 0.
  let ofDocuments: Variable

  private let range: Range<Int>

  /// The classes of the documents. The first N are those of the anchors, too.
  private let classes: [Int]?

  /// Anchors as unit vectors times s, and positives as unit vectors.
  private let anchors: Variable, positives: Variable
  private let scale: Float

  init(_ batch: RankingBatch, anchors range: Range<Int>, scale: Float) {
    let x = batch.anchors.normalized() * scale, y = batch.positives.normalized()
    let documents = batch.negatives.map { y.concatenated(with: $0.normalized()) } ?? y
    ofDocuments = RankingScores.hiding(batch.classes, in: x.rows(range).dotProducts(withAll: documents), range)
    self.range = range
    classes = batch.classes
    (anchors, positives) = (x, y)
    self.scale = scale
  }

  /// `[anchors, N]`: s cos(anchor j, positive i).
  func ofAnchors() -> Variable {
    RankingScores.hiding(classes, in: positives.rows(range).dotProducts(withAll: anchors), range)
  }

  /// Scores with those of the anchor's class, except its positive, lowered to almost minus infinity.
  private static func hiding(_ classes: [Int]?, in scores: Variable, _ range: Range<Int>) -> Variable {
    guard let classes else { return scores }
    let columns = scores.shape[1]
    let shifts = range.flatMap { anchor in
      (0..<columns).lazy.map { $0 != anchor && classes[anchor] == classes[$0] ? -1e12 : Float(0) }
    }
    return scores + Variable(Tensor(shifts, shape: scores.shape))
  }

  /// `[anchors]`: the score of each anchor's positive.
  func ofPositives() -> Variable {
    let columns = ofDocuments.shape[1]
    return ofDocuments.elements(range.enumerated().map { $0 * columns + $1 })
  }

  /// Statistics of cosine distances. An anchor is active if a negative is nearer than its positive.
  var statistics: BatchStatistics {
    let columns = ofDocuments.shape[1], scores = ofDocuments.tensor.matrix
    func distance(_ anchor: Int, _ column: Int) -> Float { 1 - scores[anchor - range.lowerBound, column] / scale }
    let positives = range.map { distance($0, $0) }
    let negatives = range.map { anchor in
      (0..<columns).lazy.filter { column in column != anchor && classes.map { $0[column] != $0[anchor] } ?? true }
        .map { distance(anchor, $0) }.min()
    }
    let known = negatives.compactMap { $0 }
    var statistics = BatchStatistics(
      activeFraction: BatchStatistics.mean(zip(positives, negatives).map { $0 > ($1 ?? .infinity) ? 1 : 0 }),
      hardestPositive: BatchStatistics.mean(positives), hardestNegative: BatchStatistics.mean(known))
    statistics.counts = BatchStatistics.Counts(
      terms: positives.count, positives: positives.count, negatives: known.count)
    return statistics
  }
}
