// SPDX-License-Identifier: Apache-2.0

/// Metrics of the scores of queries with documents.
///
/// - accuracy: the highest fraction of pairs that a threshold on the scores classifies correctly;
/// - ap: the average precision of all pairs, sorted by their scores;
/// - mrr_at_10: the mean over queries of 1 / the rank of the first relevant document, 0 beyond rank 10;
/// - ndcg_at_10, the main metric: the mean over queries of the discounted gain of the first ten documents, divided by that
///   of the best order.
///
/// A query's documents are those of all its pairs; of equal scores the first comes first. A query without a relevant
/// document counts 0. As in sentence-transformers' CrossEncoderClassificationEvaluator and
/// CrossEncoderRerankingEvaluator, except that the latter's nDCG takes the mean over the orders of equal scores.
struct RerankingMetrics: Sendable {
  private let areRelevant: [Bool]
  /// The pairs of each query.
  private let queries: [[Int]]

  private static let depth = 10

  init(_ pairs: LabeledPairs) {
    areRelevant = pairs.areAlike
    var numbers = LabelNumbering(), queries: [[Int]] = []
    for (index, query) in pairs.first.enumerated() {
      let number = numbers.number(of: query)
      if number == queries.count { queries.append([]) }
      queries[number].append(index)
    }
    self.queries = queries
  }

  /// Non-fatal problems of the data, one line each.
  var warnings: [String] {
    if areRelevant.allSatisfy({ $0 }) { return ["all pairs have the label 1: any scores are the best"] }
    let without = queries.count { pairs in !pairs.contains { areRelevant[$0] } }
    return without > 0 ? ["\(without) of \(queries.count) queries have no document with the label 1, and count 0"] : []
  }

  func evaluation(of scores: [Double]) -> Evaluation {
    let metrics = PairMetrics(scores, areAlike: areRelevant), gains = RankGains(count: RerankingMetrics.depth)
    var reciprocals = 0.0, gain = 0.0
    for pairs in queries {
      let ranked = pairs.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(RerankingMetrics.depth)
      let ranks = ranked.enumerated().filter { areRelevant[$0.element] }.map { $0.offset + 1 }
      guard let first = ranks.first else { continue }
      let relevantCount = pairs.count { areRelevant[$0] }
      reciprocals += 1 / Double(first)
      gain += gains.sum(ranks) / gains.sum(1...min(relevantCount, RerankingMetrics.depth))
    }
    let count = Double(queries.count)
    return Evaluation(
      [
        ("accuracy", metrics.accuracy), ("ap", metrics.averagePrecision), ("mrr_at_10", reciprocals / count),
        ("ndcg_at_10", gain / count),
      ], main: 3)
  }
}
