// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTraining
import TestSupport
import Testing

struct EvaluatorTests {
  private let goldens: EvaluatorGoldens

  init() throws { goldens = try EvaluatorGoldens() }

  @Test func neighborsAreThoseOfTheReferences() throws {
    let queries = try goldens.rows("queries"), references = try goldens.rows("references")
    let labels = try goldens.labels("labels"), referenceLabels = try goldens.labels("reference_labels")
    let leaveOneOut = try Evaluator(.labeledTexts(texts(labels)))
    try goldens.expect(leaveOneOut.evaluate(tensor(queries)), equals: "leave_one_out")
    let among = try Evaluator(.labeledTexts(texts(labels)), references: texts(referenceLabels))
    let evaluation = try among.evaluate(tensor(queries + references))
    try goldens.expect(evaluation, equals: "among_references")
    #expect(evaluation.main.name == "accuracy_at_1" && evaluation["map_at_r"] == evaluation.metrics[4].value)

    let metrics = NearestNeighborMetrics(
      tensor(queries), labels: labels, references: tensor(references), referenceLabels: referenceLabels)
    #expect(metrics.meanAveragePrecisionAtR == evaluation["map_at_r"])
    #expect(metrics.centroidAccuracy == evaluation["centroid_accuracy"])
  }

  @Test func correlationsAreThoseOfTheReference() throws {
    let first = try goldens.rows("first"), second = try goldens.rows("second")
    let scores = try #require(goldens["scores"]?.array).compactMap(\.double)
    let texts = first.map { _ in "" }
    let evaluator = try Evaluator(.scoredPairs(ScoredPairs(first: texts, second: texts, scores: scores)))
    let evaluation = try evaluator.evaluate(tensor(first + second))
    // Our cosines are sums in float32, the reference's in float64.
    #expect(evaluation.metrics.map(\.name) == ["pearson", "spearman"] && evaluation.main.name == "spearman")
    for metric in evaluation.metrics {
      let expected = try #require(goldens["correlations"]?.object?[metric.name]?.double)
      #expect(abs(metric.value - expected) < (metric.name == "pearson" ? 1e-7 : 1e-12))
    }
  }

  @Test func tripletAccuracyIsThatOfTheReference() throws {
    let anchors = try goldens.rows("first").prefix(40), positives = try goldens.rows("second").prefix(40)
    let texts = anchors.map { _ in "" }
    let triplets = TextTriplets(anchors: texts, positives: texts, negatives: texts.map { [$0] })
    let vectors = tensor(try anchors + positives + goldens.rows("negatives"))
    let evaluation = try Evaluator(.triplets(triplets)).evaluate(vectors)
    #expect(evaluation.main.name == "accuracy" && evaluation.main.value == goldens["triplet_accuracy"]?.double)
  }

  /// Rows of which some share an anchor, some a positive; vectors of which some are equal.
  @Test func positivesAreFoundAsByTheReference() throws {
    let first = try goldens.rows("first"), second = try goldens.rows("second")
    let rows = try #require(goldens["positive_pairs"]?.array).compactMap { $0.array?.compactMap(\.int) }
    let pairs = PositivePairs(anchors: rows.map { "a\($0[0])" }, positives: rows.map { "p\($0[1])" })
    let evaluator = try Evaluator(.positivePairs(pairs))
    #expect(evaluator.warnings.isEmpty && evaluator.texts.count == 60 + 70)
    let vectors = evaluator.texts.map { ($0.hasPrefix("a") ? first : second)[Int($0.dropFirst())!] }
    let evaluation = try evaluator.evaluate(tensor(vectors))
    try goldens.expect(evaluation, equals: "positives")
    #expect(evaluation.main.name == "mrr_at_10")
    let other = try evaluator.evaluate(tensor(vectors), on: ThreadPool(threadCount: 3))
    #expect(other.metrics.map(\.value) == evaluation.metrics.map(\.value))
  }

  /// An anchor does not find itself, unless it is its own positive.
  @Test func anAnchorsOwnTextIsNotSearched() throws {
    let pairs = PositivePairs(anchors: ["a", "b", "c"], positives: ["b", "c", "c"])
    let evaluator = try Evaluator(.positivePairs(pairs))
    #expect(evaluator.texts == ["a", "b", "c", "b", "c"])
    let evaluation = try evaluator.evaluate(tensor([[1, 0], [1, 1], [0, 1], [1, 1], [0, 1]]))
    #expect(evaluation["accuracy_at_1"] == 1 && evaluation["mrr_at_10"] == 1)
    let far = try evaluator.evaluate(tensor([[0, 1], [1, 1], [0, 1], [1, 1], [0, 1]]))
    #expect(far["accuracy_at_1"] == 2.0 / 3 && far["mrr_at_10"] == 2.5 / 3)
  }

  @Test func eachAnchorMayHaveAnotherNumberOfNegatives() throws {
    let triplets = TextTriplets(anchors: ["a", "b"], positives: ["p", "q"], negatives: [["1"], ["2", "3", "4"]])
    let evaluator = try Evaluator(.triplets(triplets))
    #expect(evaluator.texts == ["a", "b", "p", "q", "1", "2", "3", "4"])
    let vectors: [[Float]] = [[1, 0], [0, 1], [1, 1], [1, 1], [2, 1], [1, 0], [2, 1], [0, 3]]
    #expect(try evaluator.evaluate(tensor(vectors)).main.value == 0.5)
  }

  /// Every negative counts; one that is as near as the positive counts as wrong.
  @Test func eachNegativeIsATriplet() throws {
    let triplets = TextTriplets(anchors: ["a", "b"], positives: ["p", "q"], negatives: [["1", "2"], ["3", "4"]])
    let evaluator = try Evaluator(.triplets(triplets))
    #expect(evaluator.texts == ["a", "b", "p", "q", "1", "2", "3", "4"])
    let vectors: [[Float]] = [[1, 0], [1, 0], [1, 1], [0, 0], [2, 2], [1, 2], [-1, 0], [0, 1]]
    #expect(try evaluator.evaluate(tensor(vectors)).main.value == 0.5)
  }

  /// Compares with the definition, which sorts all references. Vectors along the axes have many equal cosines; there
  /// are more references than one block has.
  @Test(arguments: [true, false]) func ranksAreThoseOfTheDefinition(leavesOneOut: Bool) {
    var random = SplitMix64(seed: 9)
    func vectors(_ count: Int) -> [[Float]] {
      (0..<count).map { _ in
        var vector: [Float] = [0, 0, 0, 0, 0]
        vector[.random(in: 0..<5, using: &random)] = [-2, 1, 4].randomElement(using: &random)!
        return vector
      }
    }
    let references = vectors(1100), referenceLabels = references.map { _ in Int.random(in: 0..<150, using: &random) }
    let queries = leavesOneOut ? references : vectors(130)
    let labels = leavesOneOut ? referenceLabels : queries.map { _ in Int.random(in: 0..<160, using: &random) }
    var accuracy = 0.0, precision = 0.0, map = 0.0, ranked = 0.0
    for (query, label) in labels.enumerated() {
      let others = references.indices.filter { !leavesOneOut || $0 != query }
      let cosines = references.map { zip($0, queries[query]).reduce(0) { $0 + $1.0.sign() * $1.1.sign() } }
      let nearest = others.sorted { cosines[$0] > cosines[$1] || cosines[$0] == cosines[$1] && $0 < $1 }
      let relevant = others.count { referenceLabels[$0] == label }
      accuracy += referenceLabels[nearest[0]] == label ? 1 : 0
      guard relevant > 0 else { continue }
      ranked += 1
      var hits = 0.0
      for (rank, reference) in nearest.prefix(relevant).enumerated() where referenceLabels[reference] == label {
        hits += 1
        map += hits / Double(rank + 1) / Double(relevant)
      }
      precision += hits / Double(relevant)
    }
    let metrics =
      leavesOneOut
      ? NearestNeighborMetrics(tensor(queries), labels: labels)
      : NearestNeighborMetrics(
        tensor(queries), labels: labels, references: tensor(references), referenceLabels: referenceLabels)
    #expect(metrics.accuracyAt1 == accuracy / Double(labels.count))
    #expect(abs(metrics.rPrecision - precision / ranked) < 1e-12)
    #expect(abs(metrics.meanAveragePrecisionAtR - map / ranked) < 1e-12)
  }

  @Test func theFirstOfEqualsIsTheNearest() {
    let metrics = NearestNeighborMetrics(tensor([[1, 0], [1, 0], [1, 0]]), labels: [0, 1, 0])
    #expect(metrics.accuracyAt1 == 1.0 / 3 && metrics.precisionAt1 == 0.5 && metrics.rPrecision == 0.5)
    // Both labels have equal centroids, except that a vector is left out of its own label's.
    #expect(metrics.centroidAccuracy == 2.0 / 3)
  }

  @Test func threadsDoNotMatter() throws {
    let data = texts(try goldens.labels("labels")), references = texts(try goldens.labels("reference_labels"))
    let evaluator = try Evaluator(.labeledTexts(data), references: references)
    let vectors = tensor(try goldens.rows("queries") + goldens.rows("references"))
    let evaluations = try [1, 2, 5].map { try evaluator.evaluate(vectors, on: ThreadPool(threadCount: $0)).description }
    #expect(Set(evaluations).count == 1)
  }

  @Test func whatIsUndefinedIsNaN() throws {
    let metrics = NearestNeighborMetrics(tensor([[1, 0], [0, 1]]), labels: [0, 1])
    #expect(metrics.accuracyAt1 == 0 && metrics.precisionAt1.isNaN && metrics.meanAveragePrecisionAtR.isNaN)
    #expect(pearson([1, 2], [0.1, 0.1]).isNaN && spearman([], []).isNaN && pearson([1], [1]).isNaN)
    #expect(abs(pearson([1, 2, 3], [2, 4, 6]) - 1) < 1e-15 && abs(spearman([1, 2, 4], [3, 2, 1]) + 1) < 1e-15)
  }

  @Test func whatCannotBeEvaluatedIsAnError() throws {
    let labeled = texts([0, 1])
    let scored = ScoredPairs(first: ["a"], second: ["b"], scores: [1])
    #expect(throws: EvaluationError.unusedReferences(.scoredPairs)) {
      _ = try Evaluator(.scoredPairs(scored), references: labeled)
    }
    let evaluator = try Evaluator(.labeledTexts(labeled))
    #expect(throws: EvaluationError.nonFiniteVector(text: 1)) {
      _ = try evaluator.evaluate(tensor([[1, 2], [3, .nan]]))
    }
  }

  @Test func oddDataIsWarnedOf() throws {
    func warnings(_ dataset: Dataset, _ references: LabeledTexts? = nil) throws -> [String] {
      try Evaluator(dataset, references: references).warnings
    }
    let labeled = texts([0, 0, 1])
    #expect(
      try warnings(.labeledTexts(labeled)) == [
        "only one text has the label \"1\": it has no positive until there is another"
      ])
    #expect(
      try warnings(.labeledTexts(labeled), texts([0]))
        == ["no reference has the label \"1\": these texts have no correct neighbor"])
    #expect(try warnings(.labeledTexts(labeled), texts([1, 0])).isEmpty)
    let pairs = ScoredPairs(first: ["a", "b"], second: ["c", "d"], scores: [1, 1])
    #expect(try warnings(.scoredPairs(pairs)).count == 1)
    func ofPairs(_ areAlike: [Bool]) throws -> [String] {
      try warnings(.labeledPairs(LabeledPairs(first: ["a", "b"], second: ["c", "d"], areAlike: areAlike)))
    }
    #expect(try ofPairs([true, false]).isEmpty)
    #expect(try ofPairs([true, true]) == ["all pairs have the label 1: any vectors have the best scores"])
    #expect(
      try ofPairs([false, false]) == ["no pair has the label 1: f1, precision, recall and ap are undefined"])
  }

  @Test func oneLabelAndEqualTextsAreWarnedOf() throws {
    func warnings(_ labels: [String], references: LabeledTexts? = nil) throws -> [String] {
      let data = LabeledTexts(texts: labels.indices.map { "text \($0)" }, labels: labels)
      let retrieval = Evaluator(retrievalFor: data, from: references).warnings
      let neighbors = try Evaluator(.labeledTexts(data), references: references).warnings
      #expect(retrieval == neighbors)
      return neighbors
    }
    let one = "texts to be found have the label \"x\": any vectors have the same scores"
    #expect(try warnings(["x", "x", "x"]) == ["all 3 \(one)"])
    #expect(try warnings(["x", "x", "y", "y"]).isEmpty)
    let ofOne = LabeledTexts(texts: ["a", "b"], labels: ["x", "x"])
    #expect(try warnings(["x", "x"], references: ofOne) == ["all 2 \(one)"])
    #expect(try warnings(["x"], references: LabeledTexts(texts: ["a", "b"], labels: ["x", "y"])).isEmpty)

    let equal = "all texts are equal, and so are their vectors: the scores say nothing about the model"
    let same = LabeledTexts(texts: ["a", "a", "a", "a"], labels: ["x", "x", "y", "y"])
    #expect(try Evaluator(.labeledTexts(same)).warnings == [equal] && Evaluator(retrievalFor: same).warnings == [equal])
    let triplets = TextTriplets(anchors: ["a"], positives: ["a"], negatives: [["a"]])
    #expect(try Evaluator(.triplets(triplets)).warnings == [equal])
    let pairs = PositivePairs(anchors: ["a", "b"], positives: ["c", "c"])
    #expect(
      try Evaluator(.positivePairs(pairs)).warnings
        == ["all pairs have the same positive: any vectors have the best scores"])
  }

  @Test func equalVectorsOfDifferentTextsAreWarnedOf() throws {
    let data = LabeledTexts(texts: ["a", "b", "c", "d"], labels: ["x", "x", "y", "y"])
    let evaluator = try Evaluator(.labeledTexts(data))
    let equal = try evaluator.evaluate(tensor([[1, 2], [1, 2], [1, 2], [1, 2]])).warnings
    #expect(equal == ["all vectors are equal, though the texts differ: the scores say nothing but that"])
    #expect(try evaluator.evaluate(tensor([[1, 2], [1, 2], [1, 2], [1, 3]])).warnings.isEmpty)
    // If the texts are equal, that was said before.
    let same = LabeledTexts(texts: ["a", "a"], labels: ["x", "x"])
    #expect(try Evaluator(.labeledTexts(same)).evaluate(tensor([[1, 2], [1, 2]])).warnings.isEmpty)
  }

  @Test func anEncoderIsEvaluatedByItsVectors() throws {
    let data = LabeledTexts(
      texts: ["A dog barks.", "Rain is falling.", "A puppy yelps.", "It is pouring."], labels: ["x", "y", "x", "y"])
    let encoder = try SentenceEncoder(folder: repositoryPath("weights/all-MiniLM-L6-v2"))
    let evaluation = try Evaluator(.labeledTexts(data)).evaluate(encoder)
    #expect(evaluation.metrics.allSatisfy { $0.value == 1 })
  }
}

extension Float {
  /// -1, 0 or 1.
  fileprivate func sign() -> Float { self > 0 ? 1 : self < 0 ? -1 : 0 }
}
