// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
public import SwiftletTokenizers

extension CrossEncoder {
  /// Computes the scores of pairs of texts. The calling thread takes part in the work.
  ///
  /// - Parameters:
  ///   - pairs: any number of pairs, for example queries with documents. Texts may be empty.
  ///   - prompt: the name of one of ``prompts``, which is put before the first text; nil: the folder's default prompt, if
  ///     any; empty: no prompt.
  ///   - asLogits: whether to leave out the folder's function from logits to scores. It is the sigmoid function for many
  ///     models with one label, and none for those of MS MARCO.
  /// - Returns: `[pairs, labels]`; pairs with more than ``maxLength`` tokens are cut and listed as truncated.
  /// - Throws: A ``SwiftletError`` if there is no such prompt, or if a text has over 2 GB.
  public func scores(
    of pairs: [(String, String)], prompt: String? = nil, asLogits: Bool = false
  ) throws -> PairScores {
    PairScores(try run(pairs, prompt, asLogits).result())
  }

  /// Computes the scores of pairs of texts on the pool's threads while the caller is suspended.
  ///
  /// The parameters are those of the synchronous method, which gives the same bits.
  ///
  /// - Throws: The same errors, and `CancellationError`: cancellation is checked before each piece of some hundred
  ///   tokens.
  public func scores(
    of pairs: [(String, String)], prompt: String? = nil, asLogits: Bool = false
  ) async throws -> PairScores {
    PairScores(try await run(pairs, prompt, asLogits).result())
  }

  /// Sorts documents by how well they go with a query, the best first. The calling thread takes part in the work.
  ///
  /// - Parameters:
  ///   - query: the first text of each pair.
  ///   - documents: the second texts.
  ///   - topK: the number of documents to return at most; nil: all.
  ///   - prompt: the prompt, as in ``scores(of:prompt:asLogits:)-72kao``.
  ///   - asLogits: whether to leave out the folder's function from logits to scores.
  /// - Returns: the documents' places and scores. Documents with equal scores are in the order of the list.
  /// - Throws: A ``SwiftletError`` if the model has several labels; the errors of the scores.
  public func rank(
    query: String, documents: [String], topK: Int? = nil, prompt: String? = nil, asLogits: Bool = false
  ) throws -> [RankedDocument] {
    try checkLabels()
    return try scores(of: documents.map { (query, $0) }, prompt: prompt, asLogits: asLogits).ranking(topK)
  }

  /// Sorts documents by how well they go with a query on the pool's threads while the caller is suspended.
  ///
  /// The parameters are those of the synchronous method, which gives the same bits.
  ///
  /// - Throws: The same errors, and `CancellationError`.
  public func rank(
    query: String, documents: [String], topK: Int? = nil, prompt: String? = nil, asLogits: Bool = false
  ) async throws -> [RankedDocument] {
    try checkLabels()
    return try await scores(of: documents.map { (query, $0) }, prompt: prompt, asLogits: asLogits).ranking(topK)
  }

  private func checkLabels() throws(EncoderSettingsError) {
    guard labels.count == 1 else { throw .severalLabels(labels) }
  }

  /// The tokens of pairs as the cross-encoder reads them.
  ///
  /// - Parameters:
  ///   - pairs: any number of pairs of texts.
  ///   - prompt: the prompt, as in ``scores(of:prompt:asLogits:)-72kao``.
  ///   - truncation: what is done with pairs of more than ``maxLength`` tokens.
  /// - Throws: A ``SwiftletError`` if there is no such prompt, if a text has over 2 GB, or if a pair has too many tokens
  ///   and these are refused.
  public func tokens(
    of pairs: [(String, String)], prompt: String? = nil, truncation: TextTruncation = .atEnd
  ) throws -> TokenBatch {
    try pipeline.tokens(of: inputs(pairs), prompt: prompt, truncation: truncation)
  }

  /// The tokens of pairs, made while other tasks have their turns on the thread.
  ///
  /// The parameters are those of the synchronous method, which gives the same tokens.
  ///
  /// - Throws: The same errors, and `CancellationError`.
  public func tokens(
    of pairs: [(String, String)], prompt: String? = nil, truncation: TextTruncation = .atEnd
  ) async throws -> TokenBatch {
    try await pipeline.tokens(of: inputs(pairs), prompt: prompt, truncation: truncation)
  }

  private func inputs(_ pairs: [(String, String)]) -> [EncoderInput] { pairs.map { EncoderInput($0, pair: $1) } }

  private func run(_ pairs: [(String, String)], _ prompt: String?, _ asLogits: Bool) throws -> EncodingRun {
    try pipeline.run(inputs(pairs), prompt: prompt, weights: weights) { scores($0, asLogits) }
  }

  /// The scores of logits, or these themselves.
  func scores(_ logits: Variable, _ asLogits: Bool) -> Variable { asLogits ? logits : scoring.scores(logits) }
}

extension PairScores {
  init(_ result: EncodingRun.Result) { self.init(tensor: result.rows, truncated: result.truncated) }

  /// The pairs by their only scores, the highest first. Scores that are not a number come last.
  public func ranking(_ topK: Int? = nil) -> [RankedDocument] {
    precondition(topK ?? 0 >= 0, "\(topK ?? 0) documents to return")
    let scores = tensor.values
    precondition(scores.count == count, "\(labelCount) scores a pair, where a ranking needs one")
    func value(_ index: Int) -> Float { scores[index].isNaN ? -.infinity : scores[index] }
    let order = scores.indices.sorted { (value($0), $1) > (value($1), $0) }
    return order.prefix(topK ?? order.count).map { RankedDocument(index: $0, score: scores[$0]) }
  }
}
