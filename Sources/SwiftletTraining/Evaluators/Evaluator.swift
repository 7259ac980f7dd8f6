// SPDX-License-Identifier: Apache-2.0

public import SwiftletEncoders
public import SwiftletTensors

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
/// - scored pairs: pearson and chiefly spearman, the correlations of cosines and scores;
/// - labeled pairs: ``PairMetrics``, chiefly ap, by their cosines.
///
/// Labeled texts can be measured by ``RetrievalMetrics`` as well.
public struct Evaluator: Sendable {
  /// What to embed, in this order.
  public let texts: [String]

  /// What is odd about the data but was put up with, a line each.
  public let warnings: [String]

  private let task: Task

  private enum Task: Sendable {
    case nearestNeighbors(NeighborTexts)
    case retrieval(NeighborTexts)
    case triplets(count: Int, negatives: Int)
    case scoredPairs(scores: [Double])
    case labeledPairs(areAlike: [Bool])
  }

  /// An evaluator of some data.
  ///
  /// - Parameters:
  ///   - dataset: what to measure on.
  ///   - references: the texts among which labeled ones find their neighbors. Labels are the same if their names are.
  /// - Throws: A ``SwiftletError`` if references are given for data other than labeled texts.
  public init(_ dataset: Dataset, references: LabeledTexts? = nil) throws {
    if references != nil && dataset.kind != .labeledTexts { throw EvaluationError.unusedReferences(dataset.kind) }
    switch dataset {
    case .labeledTexts(let data):
      let neighbors = NeighborTexts(data, references: references)
      (texts, warnings, task) = (neighbors.texts, neighbors.warnings, .nearestNeighbors(neighbors))
    case .triplets(let data):
      warnings = []
      texts = data.anchors + data.positives + data.negatives.joined()
      task = .triplets(count: data.count, negatives: data.negatives.first?.count ?? 0)
    case .scoredPairs(let data):
      let areEqual = data.scores.allSatisfy { $0 == data.scores[0] }
      warnings = areEqual ? ["all scores are equal: their correlations with cosines are undefined"] : []
      texts = data.first + data.second
      task = .scoredPairs(scores: data.scores)
    case .labeledPairs(let data):
      warnings = [data.warning].compactMap { $0 }
      texts = data.first + data.second
      task = .labeledPairs(areAlike: data.areAlike)
    }
  }

  /// An evaluator by ``RetrievalMetrics``, chiefly ndcg_at_10: a text is relevant to a query if it has its label.
  ///
  /// - Parameters:
  ///   - queries: what to look for.
  ///   - corpus: the texts to look among; nil: for each query all others. Labels are the same if their names are.
  public init(retrievalFor queries: LabeledTexts, from corpus: LabeledTexts? = nil) {
    let neighbors = NeighborTexts(queries, references: corpus)
    (texts, warnings, task) = (neighbors.texts, neighbors.warnings, .retrieval(neighbors))
  }

  /// The metrics of an encoder.
  ///
  /// - Throws: What ``evaluate(_:onThreadsOf:)`` and the encoder's `encode` do.
  public func evaluate(_ encoder: SentenceEncoder) throws -> Evaluation {
    try evaluate(encoder.encode(texts).tensor, on: encoder.pool)
  }

  /// The metrics of vectors.
  ///
  /// - Parameters:
  ///   - vectors: `[texts, dimension]`, of any lengths: cosines alone count.
  ///   - encoder: whose threads do the work; nil: those of the process, one a processor. The metrics are the same.
  /// - Throws: A ``SwiftletError`` if a vector is not finite.
  public func evaluate(_ vectors: Tensor, onThreadsOf encoder: SentenceEncoder? = nil) throws -> Evaluation {
    try evaluate(vectors, on: encoder?.pool ?? .shared)
  }

  package func evaluate(_ vectors: Tensor, on pool: ThreadPool) throws(EvaluationError) -> Evaluation {
    precondition(
      vectors.shape.count == 2 && vectors.shape[0] == texts.count,
      "vectors of shape \(vectors.shape) for \(texts.count) texts")
    let nonFinite = Kernels.best.nonFinite(in: vectors.vector)
    if nonFinite.count > 0 { throw .nonFiniteVector(text: nonFinite.first / vectors.shape[1]) }
    switch task {
    case .nearestNeighbors(let texts):
      let (queries, references) = texts.labeled(vectors)
      return NearestNeighborMetrics(queries, references: references, on: pool).evaluation
    case .retrieval(let texts):
      let (queries, corpus) = texts.labeled(vectors)
      return RetrievalMetrics(queries, corpus: corpus, depths: RetrievalMetrics.usualDepths, on: pool).evaluation
    case .triplets(let count, let negatives):
      return Evaluation([("accuracy", tripletAccuracy(vectors, count: count, negatives: negatives))], main: 0)
    case .scoredPairs(let scores):
      let cosines = cosines(ofPairs: vectors)
      let metrics = [("pearson", pearson(cosines, scores)), ("spearman", spearman(cosines, scores))]
      return Evaluation(metrics, main: 1)
    case .labeledPairs(let areAlike):
      return PairMetrics(cosines(ofPairs: vectors), areAlike: areAlike).evaluation
    }
  }

  /// The cosines of the first half of the vectors, each with its like in the second.
  private func cosines(ofPairs vectors: Tensor) -> [Double] {
    let count = texts.count / 2
    return (0..<count).map { vectors.cosine($0, count + $0) }
  }
}
