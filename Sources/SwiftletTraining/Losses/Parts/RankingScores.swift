// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The scaled cosines of a batch's anchors with its documents: the positives of all anchors, then the negatives of all.
struct RankingScores {
  /// `[N, N + N K]`: s cos(anchor i, document j); document i is the positive of anchor i. What is no negative of an
  /// anchor has a score that no exponential shows.
  let ofDocuments: Variable

  /// Of the documents, of which the first N are the anchors', too.
  private let classes: [Int]?

  /// s times unit vectors, and unit vectors.
  private let anchors: Variable, positives: Variable
  private let scale: Float
  private let context: Context

  init(
    anchors: Variable, positives: Variable, negatives: Variable?, classes: [Int]?, scale: Float, in context: Context
  ) {
    let count = anchors.tensor.shape[0]
    precondition(
      positives.tensor.shape[0] == count && (negatives?.tensor.shape[0] ?? 0).isMultiple(of: max(count, 1)),
      "positives \(positives.tensor.shape) and negatives \(negatives?.tensor.shape ?? []) of \(count) anchors")
    let x = context.product(context.normalized(anchors), scale), y = context.normalized(positives)
    let documents = negatives.map { context.concatenated(y, context.normalized($0)) } ?? y
    precondition(
      classes.map { $0.count == documents.tensor.shape[0] } ?? true, "\(classes?.count ?? 0) classes of documents")
    ofDocuments = RankingScores.hiding(classes, in: context.dotProducts(x, withAll: documents), context)
    self.classes = classes
    (self.anchors, self.positives) = (x, y)
    self.scale = scale
    self.context = context
  }

  /// `[N, N]`: s cos(anchor j, positive i).
  func ofAnchors() -> Variable {
    RankingScores.hiding(classes, in: context.dotProducts(positives, withAll: anchors), context)
  }

  /// Scores of which those within a class, but for the diagonal, are next to minus infinity.
  private static func hiding(_ classes: [Int]?, in scores: Variable, _ context: Context) -> Variable {
    guard let classes else { return scores }
    let (rows, columns) = (scores.tensor.shape[0], scores.tensor.shape[1])
    var shifts = [Float](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns where row != column && classes[row] == classes[column] {
        shifts[row * columns + column] = -1e12
      }
    }
    return context.sum(scores, Variable(Tensor(shifts, shape: [rows, columns])))
  }

  /// `[N]`: the score of each anchor's positive.
  func ofPositives() -> Variable {
    let (rows, columns) = (ofDocuments.tensor.shape[0], ofDocuments.tensor.shape[1])
    return context.elements(of: ofDocuments, at: (0..<rows).map { $0 * (columns + 1) })
  }

  /// Cosine distances; an anchor is called active if a negative is nearer than its positive.
  var statistics: BatchStatistics {
    let (rows, columns) = (ofDocuments.tensor.shape[0], ofDocuments.tensor.shape[1])
    let scores = ofDocuments.tensor.buffer.base
    func distance(_ row: Int, _ column: Int) -> Float { 1 - scores[row * columns + column] / scale }
    let positives = (0..<rows).map { distance($0, $0) }
    let negatives = (0..<rows).map { row in
      (0..<columns).lazy.filter { column in column != row && classes.map { $0[column] != $0[row] } ?? true }
        .map { distance(row, $0) }.min()
    }
    return BatchStatistics(
      activeFraction: BatchStatistics.mean(zip(positives, negatives).map { $0 > ($1 ?? .infinity) ? 1 : 0 }),
      hardestPositive: BatchStatistics.mean(positives),
      hardestNegative: BatchStatistics.mean(negatives.compactMap { $0 }))
  }
}
