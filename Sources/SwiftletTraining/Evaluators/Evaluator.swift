// SPDX-License-Identifier: Apache-2.0

public import SwiftletEncoders
import SwiftletFiles
public import SwiftletTensors

/// Measures the quality of vectors on a data set.
///
/// ```swift
/// let evaluator = try Evaluator(test, references: train)
/// let vectors = try encoder.encode(evaluator.texts)
/// print(try evaluator.evaluate(vectors.tensor))
/// ```
///
/// The metrics depend on the kind of the data:
/// - labeled texts: accuracy_at_1 (the main metric), centroid_accuracy, precision_at_1, r_precision and map_at_r of the
///   nearest neighbors among the references, or without references among the other texts;
/// - triplets: accuracy, the fraction of negatives whose cosine with their anchor is below the positive's;
/// - scored pairs: pearson and spearman (the main metric), the correlations of cosines and scores;
/// - labeled pairs: accuracy, f1, precision, recall and ap (the main metric) of classifying pairs by their cosines;
/// - positive pairs: accuracy_at_1 and mrr_at_10 (the main metric) of each anchor's search for its positive among the
///   positives of all pairs. Equal texts count once; of several positives of an anchor the nearest counts. The more pairs,
///   the harder the search: compare only scores of the same data.
///
/// Labeled texts can also be evaluated for retrieval, see ``init(retrievalFor:from:)``, and labeled pairs with the scores
/// of a cross-encoder, see ``init(rerankingOf:)``.
public struct Evaluator: Sendable {
  /// The texts to embed, in this order. For a cross-encoder: the queries of all pairs, then their documents.
  public let texts: [String]

  /// What the encoder reads: the texts, or the pairs.
  package let inputs: [EncoderInput]

  /// Non-fatal problems of the data, one line each.
  public let warnings: [String]

  private let task: Task

  private enum Task: Sendable {
    case nearestNeighbors(NeighborTexts)
    case retrieval(NeighborTexts)
    case triplets(negativeCounts: [Int])
    case scoredPairs(scores: [Double])
    case labeledPairs(areAlike: [Bool])
    case positivePairs(PairedTexts)
    case reranking(RerankingMetrics)
  }

  /// Creates an evaluator.
  ///
  /// - Parameters:
  ///   - dataset: the data to evaluate on.
  ///   - references: the texts among which labeled texts find their neighbors; nil: the other texts.
  /// - Throws: A ``SwiftletError`` if references are given for data other than labeled texts.
  public init(_ dataset: Dataset, references: LabeledTexts? = nil) throws {
    if references != nil && dataset.kind != .labeledTexts { throw EvaluationError.unusedReferences(dataset.kind) }
    var warnings: [String] = []
    switch dataset {
    case .labeledTexts(let data):
      let neighbors = NeighborTexts(data, references: references)
      (texts, warnings, task) = (neighbors.texts, neighbors.warnings, .nearestNeighbors(neighbors))
    case .triplets(let data):
      texts = dataset.texts
      task = .triplets(negativeCounts: data.negatives.map(\.count))
    case .scoredPairs(let data):
      let areEqual = data.scores.allSatisfy { $0 == data.scores[0] }
      warnings = areEqual ? ["all scores are equal: their correlations with cosines are undefined"] : []
      texts = dataset.texts
      task = .scoredPairs(scores: data.scores)
    case .labeledPairs(let data):
      warnings = [data.warning].compactMap { $0 }
      texts = dataset.texts
      task = .labeledPairs(areAlike: data.areAlike)
    case .positivePairs(let data):
      let pairs = PairedTexts(data)
      (texts, warnings, task) = (pairs.texts, pairs.warnings, .positivePairs(pairs))
    }
    self.warnings = warnings + Evaluator.warnings(of: texts)
    inputs = texts.map { EncoderInput($0) }
  }

  /// Creates an evaluator of a cross-encoder's scores: accuracy and ap of all pairs, and mrr_at_10 and ndcg_at_10 (the main
  /// metric) of each query's documents.
  ///
  /// - Parameter pairs: queries, each in as many pairs as it has documents, with the label 1 for relevant documents.
  public init(rerankingOf pairs: LabeledPairs) {
    let metrics = RerankingMetrics(pairs)
    texts = pairs.first + pairs.second
    inputs = zip(pairs.first, pairs.second).map { EncoderInput($0, pair: $1) }
    warnings = metrics.warnings
    task = .reranking(metrics)
  }

  /// Creates an evaluator of retrieval: a text is relevant to a query if it has the same label. The metrics are
  /// precision, recall, mrr, ndcg and map at 1, 3, 5, 10 and 100; the main one is ndcg_at_10.
  ///
  /// - Parameters:
  ///   - queries: the texts to search for.
  ///   - corpus: the texts to search in; nil: for each query all other queries.
  public init(retrievalFor queries: LabeledTexts, from corpus: LabeledTexts? = nil) {
    let neighbors = NeighborTexts(queries, references: corpus)
    (texts, task) = (neighbors.texts, .retrieval(neighbors))
    warnings = neighbors.warnings + Evaluator.warnings(of: texts)
    inputs = texts.map { EncoderInput($0) }
  }

  private static func warnings(of texts: [String]) -> [String] {
    guard areEqual(texts) else { return [] }
    return ["all texts are equal, and so are their vectors: the scores say nothing about the model"]
  }

  /// Whether there are several texts, which are all equal.
  private static func areEqual(_ texts: [String]) -> Bool {
    texts.count > 1 && texts.allSatisfy { sameBytes($0, texts[0]) }
  }

  /// Embeds the texts with an encoder and computes the metrics.
  ///
  /// - Throws: The errors of ``evaluate(_:onThreadsOf:)`` and of the encoder's `encode`.
  public func evaluate(_ encoder: SentenceEncoder) throws -> Evaluation {
    try evaluate(encoder.encode(texts).tensor, on: encoder.pool)
  }

  /// Scores the pairs with a cross-encoder and computes the metrics.
  ///
  /// - Throws: A ``SwiftletError`` if the encoder has several labels or a score is not finite; the errors of the encoder's
  ///   scores.
  /// - Precondition: The evaluator is one of reranking.
  public func evaluate(_ encoder: CrossEncoder) throws -> Evaluation {
    guard encoder.labels.count == 1 else { throw EvaluationError.severalLabels(encoder.labels.count) }
    let pairs = inputs.map { ($0.text, $0.pair ?? "") }
    return try evaluate(encoder.scores(of: pairs, asLogits: true).tensor, on: encoder.pool)
  }

  /// Computes the metrics of vectors. The evaluation warns if all vectors are equal.
  ///
  /// - Parameters:
  ///   - vectors: `[texts, dimension]`, of any length, since only cosines are used.
  ///   - encoder: the encoder whose threads are used; nil: the shared threads of the process.
  /// - Throws: A ``SwiftletError`` if a vector is not finite.
  public func evaluate(_ vectors: Tensor, onThreadsOf encoder: SentenceEncoder? = nil) throws -> Evaluation {
    try evaluate(vectors, on: encoder?.pool ?? .shared)
  }

  package func evaluate(_ vectors: Tensor, on pool: ThreadPool) throws(EvaluationError) -> Evaluation {
    precondition(
      vectors.shape.count == 2 && vectors.shape[0] == inputs.count,
      "vectors of shape \(vectors.shape) for \(inputs.count) texts")
    let nonFinite = Kernels.best.nonFinite(in: vectors.vector)
    if nonFinite.count > 0 { throw .nonFiniteVector(text: nonFinite.first / vectors.shape[1]) }
    var evaluation = metrics(of: vectors, on: pool)
    let isOfPairs = if case .reranking = task { true } else { false }
    if !isOfPairs, !Evaluator.areEqual(texts), vectors.hasEqualRows {
      evaluation.warnings = ["all vectors are equal, though the texts differ: the scores say nothing but that"]
    }
    return evaluation
  }

  private func metrics(of vectors: Tensor, on pool: ThreadPool) -> Evaluation {
    switch task {
    case .nearestNeighbors(let texts):
      let (queries, references) = texts.labeled(vectors)
      return NearestNeighborMetrics(queries, references: references, on: pool).evaluation
    case .retrieval(let texts):
      let (queries, corpus) = texts.labeled(vectors)
      return RetrievalMetrics(queries, corpus: corpus, depths: RetrievalMetrics.usualDepths, on: pool).evaluation
    case .triplets(let negativeCounts):
      return Evaluation([("accuracy", tripletAccuracy(vectors, negativeCounts: negativeCounts))], main: 0)
    case .scoredPairs(let scores):
      let cosines = cosines(ofPairs: vectors)
      let metrics = [("pearson", pearson(cosines, scores)), ("spearman", spearman(cosines, scores))]
      return Evaluation(metrics, main: 1)
    case .labeledPairs(let areAlike):
      return PairMetrics(cosines(ofPairs: vectors), areAlike: areAlike).evaluation
    case .positivePairs(let pairs): return pairs.evaluation(of: vectors, on: pool)
    case .reranking(let metrics):
      precondition(vectors.shape[1] == 1, "\(vectors.shape[1]) scores a pair, where one is needed")
      return metrics.evaluation(of: vectors.values.map(Double.init))
    }
  }

  /// The cosines of each vector of the first half with its partner in the second half.
  private func cosines(ofPairs vectors: Tensor) -> [Double] {
    let count = texts.count / 2
    return (0..<count).map { vectors.cosine($0, count + $0) }
  }
}
