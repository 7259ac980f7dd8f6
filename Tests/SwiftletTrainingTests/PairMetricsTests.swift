// SPDX-License-Identifier: Apache-2.0

import SwiftletTraining
import TestSupport
import Testing

struct PairMetricsTests {
  /// Some pairs have equal cosines. With reversed labels, the best threshold for the accuracy is above all cosines, and
  /// the best for F1 is the lowest.
  @Test func pairsAreToldApartAsByTheReference() throws {
    let goldens = try EvaluatorGoldens(), vectors = tensor(try goldens.rows("first") + goldens.rows("second"))
    let areAlike = try goldens.labels("are_alike").map { $0 == 1 }, texts = areAlike.map { _ in "" }
    let cases = [
      ("pairs", areAlike), ("pairs_reversed", areAlike.map { !$0 }), ("pairs_all_alike", areAlike.map { _ in true }),
    ]
    for (name, areAlike) in cases {
      let evaluator = try Evaluator(.labeledPairs(LabeledPairs(first: texts, second: texts, areAlike: areAlike)))
      let evaluation = try evaluator.evaluate(vectors)
      try goldens.expect(evaluation, equals: name)
      #expect(evaluation.main.name == "ap")
    }
  }

  @Test func thresholdsLieBetweenNeighbors() {
    let metrics = PairMetrics([0.2, 0.9, 0.4, 0.5], areAlike: [false, true, false, true])
    #expect(metrics.accuracy == 1 && metrics.f1 == 1 && metrics.precision == 1 && metrics.recall == 1)
    #expect(metrics.accuracyThreshold == 0.45 && metrics.f1Threshold == 0.45 && metrics.averagePrecision == 1)
  }

  @Test func accuracyAndF1HaveThresholdsOfTheirOwn() {
    let metrics = PairMetrics([0.9, 0.8, 0.7, 0.6, 0.5], areAlike: [true, false, false, true, true])
    #expect(metrics.accuracy == 0.6 && metrics.accuracyThreshold == (0.9 + 0.8) / 2)
    #expect(abs(metrics.f1 - 0.75) < 1e-15 && metrics.f1Threshold == 0.5)
    #expect(metrics.precision == 0.6 && metrics.recall == 1)
  }

  /// In any order of the pairs.
  @Test(arguments: [[true, false, false], [false, true, false], [false, false, true]])
  func equalsAreOnOneSideOfAThreshold(areAlike: [Bool]) {
    let metrics = PairMetrics([0.5, 0.5, 0.5], areAlike: areAlike)
    #expect(metrics.accuracy == 2.0 / 3 && metrics.accuracyThreshold == 0.5.nextUp)
    #expect(metrics.precision == 1.0 / 3 && metrics.recall == 1 && metrics.f1 == 0.5 && metrics.f1Threshold == 0.5)
    #expect(metrics.averagePrecision == 1.0 / 3)
  }

  /// No number lies between these two.
  @Test func aThresholdKeepsClosestNeighborsApart() {
    for low in [0.5, 0.5.nextUp] {
      let metrics = PairMetrics([low.nextUp, low], areAlike: [true, false])
      #expect(metrics.accuracyThreshold == low.nextUp && metrics.f1Threshold == low.nextUp)
    }
  }

  @Test func withoutAlikePairsOnlyAccuracyIsDefined() {
    let metrics = PairMetrics([0.1, 0.2], areAlike: [false, false])
    #expect(metrics.accuracy == 1 && metrics.accuracyThreshold == 0.2.nextUp)
    for value in [metrics.f1, metrics.f1Threshold, metrics.precision, metrics.recall, metrics.averagePrecision] {
      #expect(value.isNaN)
    }
    #expect(PairMetrics([], areAlike: []).accuracy.isNaN)
    #expect("\(metrics.averagePrecision)" == "nan")  // on any CPU
  }
}
