// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// The different anchors and positives of pairs. Each anchor searches for its own positives among all positives.
struct PairedTexts: Sendable {
  /// The anchors, then the positives. Equal texts count once among the anchors, and once among the positives.
  let texts: [String]
  /// The indices among the positives of those of each anchor.
  private let positives: [[Int]]
  /// The index of each anchor's own text among the positives, if it is there but not a positive of the anchor: it is not
  /// searched.
  private let excluded: [Int?]

  init(_ pairs: PositivePairs) {
    var anchors = LabelNumbering(), others = LabelNumbering(), positives: [[Int]] = []
    for (anchor, positive) in zip(pairs.anchors, pairs.positives) {
      let row = anchors.number(of: anchor), number = others.number(of: positive)
      if row == positives.count { positives.append([]) }
      if !positives[row].contains(number) { positives[row].append(number) }
    }
    texts = anchors.names + others.names
    self.positives = positives
    excluded = anchors.names.indices.map { row in
      others.existingNumber(of: anchors.names[row]).flatMap { positives[row].contains($0) ? nil : $0 }
    }
  }

  /// Non-fatal problems of the data, one line each.
  var warnings: [String] {
    texts.count - positives.count > 1 ? [] : ["all pairs have the same positive: any vectors have the best scores"]
  }

  /// The metrics of the vectors of ``texts``, where the nearest of an anchor's positives counts:
  /// - accuracy_at_1: the fraction of anchors whose nearest positive of all is their own;
  /// - mrr_at_10, the main metric: the mean of 1 / rank of the own positive among all, 0 beyond rank 10.
  ///
  /// Texts are ranked by cosine; of equals the first comes first. As in sentence-transformers'
  /// InformationRetrievalEvaluator.
  func evaluation(of vectors: Tensor, on pool: ThreadPool) -> Evaluation {
    let anchors = UnitVectors(vectors, rows: 0..<positives.count)
    let candidates = UnitVectors(vectors, rows: positives.count..<texts.count)
    let ranks = anchors.mapSimilarities(with: candidates, on: pool) { anchor, cosines in
      let own = positives[anchor].dropFirst().reduce(positives[anchor][0]) { cosines.isNearer($1, $0) ? $1 : $0 }
      return 1 + cosines.indices.count { $0 != excluded[anchor] && cosines.isNearer($0, own) }
    }
    return Evaluation(
      [
        ("accuracy_at_1", mean(ranks) { $0 == 1 ? 1 : 0 }),
        ("mrr_at_10", mean(ranks) { $0 <= 10 ? 1 / Double($0) : 0 }),
      ], main: 1)
  }
}
