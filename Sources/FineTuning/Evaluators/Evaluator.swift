// SPDX-License-Identifier: Apache-2.0

public import BertEncoder
public import TensorCore

/// Measures how well vectors do what a data set asks for.
///
/// ```swift
/// let evaluator = try Evaluator(test, references: train)
/// let vectors = try encoder.encode(evaluator.texts)
/// print(try evaluator.evaluate(vectors.tensor))
/// ```
///
/// What is measured follows from the kind of the data:
/// - labeled texts: ``NearestNeighborMetrics``, chiefly accuracy_at_1, among the references, or without any among the
///   other texts;
/// - triplets: accuracy, the part of the negatives whose cosine with their anchor is below the positive's;
/// - scored pairs: pearson and chiefly spearman, the correlations of cosines and scores.
public struct Evaluator: Sendable {
  /// What to embed, in this order.
  public let texts: [String]

  /// What is odd about the data but was put up with, a line each.
  public let warnings: [String]

  private let task: Task

  private enum Task: Sendable {
    case nearestNeighbors(labels: [Int], referenceLabels: [Int]?)
    case triplets(count: Int, negatives: Int)
    case scoredPairs(scores: [Double])
  }

  /// An evaluator of some data.
  ///
  /// - Parameters:
  ///   - dataset: labeled texts, triplets or scored pairs.
  ///   - references: the texts among which labeled ones find their neighbors. Labels are the same if their names are.
  /// - Throws: ``EvaluationError`` for a kind of data that there is no evaluation of.
  public init(_ dataset: Dataset, references: LabeledTexts? = nil) throws(EvaluationError) {
    if references != nil && dataset.kind != .labeledTexts { throw .unusedReferences(dataset.kind) }
    switch dataset {
    case .labeledTexts(let data):
      warnings = [references.map { data.warning(references: $0) } ?? data.warning].compactMap { $0 }
      texts = data.texts + (references?.texts ?? [])
      task = .nearestNeighbors(
        labels: data.labels, referenceLabels: references?.labels(numberedAs: data.labelNames))
    case .triplets(let data):
      warnings = []
      texts = data.anchors + data.positives + data.negatives.joined()
      task = .triplets(count: data.count, negatives: data.negatives.first?.count ?? 0)
    case .scoredPairs(let data):
      let areEqual = data.scores.allSatisfy { $0 == data.scores[0] }
      warnings = areEqual ? ["all scores are equal: their correlations with cosines are undefined"] : []
      texts = data.first + data.second
      task = .scoredPairs(scores: data.scores)
    case .labeledPairs:
      throw .unsupported(dataset.kind)
    }
  }

  /// The metrics of an encoder.
  ///
  /// - Throws: What ``evaluate(_:threadCount:)`` and the encoder's `encode` do.
  public func evaluate(_ encoder: SentenceEncoder) throws -> Evaluation {
    try evaluate(encoder.encode(texts).tensor, on: encoder.pool)
  }

  /// The metrics of vectors.
  ///
  /// - Parameters:
  ///   - vectors: `[texts, dimension]`, of any lengths: cosines alone count.
  ///   - threadCount: how many threads may work at a time; nil: one a processor. The metrics are the same.
  /// - Throws: ``EvaluationError`` if a vector is not finite.
  public func evaluate(_ vectors: Tensor, threadCount: Int? = nil) throws(EvaluationError) -> Evaluation {
    try evaluate(vectors, on: threadCount.map { ThreadPool(threadCount: $0) } ?? .shared)
  }

  package func evaluate(_ vectors: Tensor, on pool: ThreadPool) throws(EvaluationError) -> Evaluation {
    precondition(
      vectors.shape.count == 2 && vectors.shape[0] == texts.count,
      "vectors of shape \(vectors.shape) for \(texts.count) texts")
    let nonFinite = vectors.withUnsafeBufferPointer { values in values.firstIndex { !$0.isFinite } }
    if let nonFinite { throw .nonFiniteVector(text: nonFinite / vectors.shape[1]) }
    switch task {
    case .nearestNeighbors(let labels, let referenceLabels):
      let queries = UnitVectors(vectors, rows: 0..<labels.count)
      let references = referenceLabels.map {
        LabeledVectors(vectors: UnitVectors(vectors, rows: labels.count..<texts.count), labels: $0)
      }
      return NearestNeighborMetrics(
        LabeledVectors(vectors: queries, labels: labels), references: references, on: pool
      ).evaluation
    case .triplets(let count, let negatives):
      return Evaluation([("accuracy", tripletAccuracy(vectors, count: count, negatives: negatives))], main: 0)
    case .scoredPairs(let scores):
      let cosines = scores.indices.map { vectors.cosine($0, scores.count + $0) }
      let metrics = [("pearson", pearson(cosines, scores)), ("spearman", spearman(cosines, scores))]
      return Evaluation(metrics, main: 1)
    }
  }
}
