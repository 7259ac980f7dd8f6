// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The scaled cosines of some anchors with all documents of their batch: the positives of all anchors, then the negatives
/// of all.
struct RankingScores {
  /// `[anchors, N + N K]`: s cos(anchor i, document j); document i is the positive of anchor i. What is no negative of an
  /// anchor has a score that no exponential shows.
  let ofDocuments: Variable

  private let range: Range<Int>

  /// Of the documents, of which the first N are the anchors', too.
  private let classes: [Int]?

  /// s times unit vectors, and unit vectors; of all anchors.
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

  /// Scores of which those within a class, but for that of an anchor with its positive, are next to minus infinity.
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

  /// Cosine distances; an anchor is called active if a negative is nearer than its positive.
  var statistics: BatchStatistics {
    let columns = ofDocuments.shape[1], scores = ofDocuments.tensor.matrix
    func distance(_ anchor: Int, _ column: Int) -> Float { 1 - scores[anchor - range.lowerBound, column] / scale }
    let positives = range.map { distance($0, $0) }
    let negatives = range.map { anchor in
      (0..<columns).lazy.filter { column in column != anchor && classes.map { $0[column] != $0[anchor] } ?? true }
        .map { distance(anchor, $0) }.min()
    }
    return BatchStatistics(
      activeFraction: BatchStatistics.mean(zip(positives, negatives).map { $0 > ($1 ?? .infinity) ? 1 : 0 }),
      hardestPositive: BatchStatistics.mean(positives),
      hardestNegative: BatchStatistics.mean(negatives.compactMap { $0 }))
  }
}
