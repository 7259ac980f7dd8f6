// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// Metrics of how well the texts relevant to a query, those with its label, are found among the nearest texts of a
/// corpus.
///
/// Texts are ranked by cosine with the query; of equals the lower index comes first. Without a corpus, each query
/// searches all other queries ("leave one out"). Metrics are means over queries that have a relevant text; without such
/// queries they are NaN.
///
/// As in sentence-transformers' InformationRetrievalEvaluator. Järvelin, Kekäläinen: Cumulated gain-based evaluation of
/// IR techniques, TOIS 20(4), 2002, for nDCG.
package struct RetrievalMetrics: Equatable, Sendable {
  /// The metrics for the k nearest texts.
  package struct AtDepth: Equatable, Sendable {
    /// The number of nearest texts considered.
    package let k: Int

    /// Relevant texts among the k nearest / k.
    package let precision: Double

    /// Relevant texts among the k nearest / all relevant ones.
    package let recall: Double

    /// 1 / the rank of the first relevant text, counted from 1; 0 if it is not among the k nearest.
    package let reciprocalRank: Double

    /// Σ 1 / log₂(rank + 1) over the relevant texts among the k nearest, divided by the highest possible sum.
    package let ndcg: Double

    /// Σ P(rank) over the relevant texts among the k nearest / the highest possible number of these, where P(i) is the
    /// fraction of the i nearest that are relevant.
    package let averagePrecision: Double
  }

  /// The metrics for each k, in the order of the given depths.
  package let byDepth: [AtDepth]

  /// The default values of k.
  package static let usualDepths = [1, 3, 5, 10, 100]

  /// Computes the metrics of vectors among themselves. No vector is in its own corpus.
  ///
  /// - Parameters:
  ///   - vectors: `[count, dimension]`, finite, of any length.
  ///   - labels: the label of each vector, from 0.
  ///   - depths: the values of k, each at least 1.
  package init(_ vectors: Tensor, labels: [Int], depths: [Int] = usualDepths) {
    self.init(
      LabeledVectors(vectors: UnitVectors(vectors), labels: labels), corpus: nil, depths: depths, on: .shared)
  }

  /// Computes the metrics of queries in a corpus.
  ///
  /// - Parameters:
  ///   - queries: `[count, dimension]`, finite, of any length.
  ///   - labels: the label of each vector, from 0.
  ///   - corpus: `[texts, dimension]`.
  ///   - corpusLabels: the label of each text of the corpus.
  ///   - depths: the values of k, each at least 1.
  /// - Complexity: 2 x queries x texts x dimension floating-point operations; 16 MB for each thread or one number for
  ///   each text, besides a copy of the vectors.
  package init(
    _ queries: Tensor, labels: [Int], corpus: Tensor, corpusLabels: [Int], depths: [Int] = usualDepths
  ) {
    self.init(
      LabeledVectors(vectors: UnitVectors(queries), labels: labels),
      corpus: LabeledVectors(vectors: UnitVectors(corpus), labels: corpusLabels), depths: depths, on: .shared)
  }

  init(_ queries: LabeledVectors, corpus: LabeledVectors?, depths: [Int], on pool: ThreadPool) {
    precondition(depths.allSatisfy { $0 > 0 }, "depths \(depths), where each needs a text")
    let targets = corpus ?? queries, leavesOneOut = corpus == nil
    let labels = queries.labels, targetLabels = targets.labels
    let relevant = targets.indicesByLabel(count: (labels.max() ?? -1) + 1).map { $0.count - (leavesOneOut ? 1 : 0) }
    let deepest = min(depths.max() ?? 0, targets.labels.count), gains = RankGains(count: deepest)
    let metrics = queries.vectors.mapSimilarities(with: targets.vectors, on: pool) { query, cosines -> [AtDepth]? in
      let label = labels[query]
      guard relevant[label] > 0 else { return nil }
      let nearest = indicesOfLargest(deepest, of: cosines) { !leavesOneOut || $0 != query }
      let hits = nearest.indices.filter { targetLabels[nearest[$0]] == label }.map { $0 + 1 }
      return depths.map { AtDepth(k: $0, hits: hits, relevant: relevant[label], gains) }
    }.compactMap { $0 }
    byDepth = depths.indices.map { depth in AtDepth(k: depths[depth], meanOf: metrics.map { $0[depth] }) }
  }

  /// The metrics with names like `ndcg_at_10`, which is the main one. Requires ``usualDepths``.
  var evaluation: Evaluation {
    let kinds: [(name: String, value: KeyPath<AtDepth, Double>)] = [
      ("precision", \.precision), ("recall", \.recall), ("mrr", \.reciprocalRank), ("ndcg", \.ndcg),
      ("map", \.averagePrecision),
    ]
    let metrics = kinds.flatMap { kind in byDepth.map { ("\(kind.name)_at_\($0.k)", $0[keyPath: kind.value]) } }
    return Evaluation(metrics, main: metrics.firstIndex { $0.0 == "ndcg_at_10" }!)
  }
}

extension RetrievalMetrics.AtDepth {
  /// The metrics of one query.
  ///
  /// - Parameters:
  ///   - hits: the ranks, from 1, of the relevant texts among the nearest k or more.
  ///   - relevant: the number of relevant texts.
  fileprivate init(k: Int, hits: [Int], relevant: Int, _ gains: RankGains) {
    let hits = hits.prefix { $0 <= k }, maximum = min(k, relevant)
    self.k = k
    precision = Double(hits.count) / Double(k)
    recall = Double(hits.count) / Double(relevant)
    reciprocalRank = hits.first.map { 1 / Double($0) } ?? 0
    ndcg = gains.sum(hits) / gains.sum(1...maximum)
    averagePrecision = hits.enumerated().reduce(0) { $0 + Double($1.offset + 1) / Double($1.element) } / Double(maximum)
  }

  fileprivate init(k: Int, meanOf metrics: [Self]) {
    self.k = k
    precision = mean(metrics, \.precision)
    recall = mean(metrics, \.recall)
    reciprocalRank = mean(metrics, \.reciprocalRank)
    ndcg = mean(metrics, \.ndcg)
    averagePrecision = mean(metrics, \.averagePrecision)
  }
}
