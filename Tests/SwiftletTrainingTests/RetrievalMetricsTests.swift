// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletTensors
import TestSupport
import Testing

@testable import SwiftletTraining

struct RetrievalMetricsTests {
  /// Some queries have no relevant text, and one corpus is smaller than the deepest metrics look.
  @Test func metricsAreThoseOfTheReference() throws {
    let goldens = try EvaluatorGoldens()
    let queries = try goldens.rows("queries"), references = try goldens.rows("references")
    let labels = texts(try goldens.labels("labels")), referenceLabels = texts(try goldens.labels("reference_labels"))
    let leaveOneOut = Evaluator(retrievalFor: labels), among = Evaluator(retrievalFor: labels, from: referenceLabels)
    try goldens.expect(leaveOneOut.evaluate(tensor(queries)), equals: "retrieval_leave_one_out")
    let evaluation = try among.evaluate(tensor(queries + references))
    try goldens.expect(evaluation, equals: "retrieval_among_references")
    #expect(evaluation.main.name == "ndcg_at_10")
    #expect(among.warnings.count == 1)
  }

  /// Vectors along the axes have many equal cosines, also where the deepest metrics end.
  @Test func theFirstOfEqualsIsTheNearest() throws {
    let goldens = try EvaluatorGoldens()
    let vectors = try goldens.rows("tied"), labels = try goldens.labels("tied_labels")
    try goldens.expect(
      Evaluator(retrievalFor: texts(labels)).evaluate(tensor(vectors)), equals: "retrieval_tied")
    let half = Evaluator(retrievalFor: texts(Array(labels[..<30])), from: texts(Array(labels[30...])))
    let evaluations = try [1, 2, 5].map { try half.evaluate(tensor(vectors), on: ThreadPool(threadCount: $0)) }
    try goldens.expect(evaluations[0], equals: "retrieval_tied_among_references")
    #expect(Set(evaluations.map(\.description)).count == 1)
  }

  @Test func metricsFollowTheirFormulas() throws {
    // The corpus by its distance from the query: another, relevant, another, relevant, relevant.
    let corpus: [[Float]] = [[3, 1], [1, 1], [5, 1], [1, 3], [0, 1]]
    let metrics = RetrievalMetrics(
      tensor([[1, 0], [0, -1]]), labels: [0, 7], corpus: tensor(corpus), corpusLabels: [0, 1, 1, 0, 0], depths: [1, 4])
    let first = metrics.byDepth[0], fourth = metrics.byDepth[1]
    #expect(first.k == 1 && first.precision == 0 && first.reciprocalRank == 0 && first.ndcg == 0)
    #expect(fourth.precision == 0.5 && fourth.recall == 2.0 / 3 && fourth.reciprocalRank == 0.5)
    #expect(fourth.averagePrecision == (1.0 / 2 + 2.0 / 4) / 3)
    #expect(abs(fourth.ndcg - (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / 2)) < 1e-15)
  }

  @Test func withoutRelevantTextsNothingIsDefined() {
    let metrics = RetrievalMetrics(tensor([[1, 0], [0, 1]]), labels: [0, 1])
    #expect(metrics.byDepth.map(\.k) == RetrievalMetrics.usualDepths)
    #expect(metrics.byDepth.allSatisfy { "\($0.precision) \($0.ndcg) \($0.averagePrecision)" == "nan nan nan" })
  }

  @Test(arguments: [0, 1, 3, 64, 500, 2000]) func theLargestAreThoseOfASort(count: Int) {
    var random = SplitMix64(seed: 3)
    for range in [0...3, 0...1_000_000] {
      let numbers = (0..<1000).map { _ in Float(Int.random(in: range, using: &random)) }
      for numbers in [numbers, numbers.sorted(), numbers.sorted(by: >)] {
        let expected = numbers.indices.filter { $0 != 7 }.sorted {
          numbers[$0] > numbers[$1] || numbers[$0] == numbers[$1] && $0 < $1
        }
        let found = numbers.withSpan { indicesOfLargest(count, of: $0) { $0 != 7 } }
        #expect(found == Array(expected.prefix(count)))
      }
    }
  }

  @Test func logarithmsAreThoseOfTheReference() {
    for x in (1...5000).map(Double.init) + [0.3, 0.999, 1.001, 1e300] {
      #expect(abs(binaryLogarithm(x) - log2(x)) <= 3e-16 * abs(log2(x)), "\(x)")
    }
    #expect((0...60).allSatisfy { binaryLogarithm(Double(1 << $0)) == Double($0) })
  }
}
