// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletTokenizers

extension RequestQueue {
  /// Computes the vectors of texts, with the bits of ``SentenceEncoder/encode(_:prompt:)-2b51s``.
  ///
  /// - Parameters:
  ///   - texts: any number of texts of any length, as far as the queue's limits allow.
  ///   - encoder: the encoder.
  ///   - prompt: the name of one of the encoder's prompts; nil: its default prompt, if any; empty: no prompt.
  ///   - deadline: when the result is of no use any more; nil: never.
  ///   - cache: where vectors are looked for and kept; nil: every text is computed.
  /// - Throws: the errors of ``SentenceEncoder/tokens(of:prompt:truncation:)-6qxcn`` and of
  ///   ``result(of:deadline:cache:)``.
  public func encode(
    _ texts: [String], with encoder: SentenceEncoder, prompt: String? = nil,
    deadline: ContinuousClock.Instant? = nil, cache: EmbeddingCache? = nil
  ) async throws -> Embeddings {
    let tokens = try await holding(bytes: texts.reduce(0) { $0 + $1.utf8.count }) {
      try await encoder.tokens(of: texts, prompt: prompt)
    }
    return try await result(of: encoder.request(for: tokens), deadline: deadline, cache: cache).output
  }

  /// Computes the scores of pairs of texts, with the bits of
  /// ``CrossEncoder/scores(of:prompt:asLogits:)-72kao``.
  ///
  /// - Parameters:
  ///   - pairs: any number of pairs, as far as the queue's limits allow.
  ///   - encoder: the cross-encoder.
  ///   - prompt: the name of a prompt, as for ``encode(_:with:prompt:deadline:cache:)``.
  ///   - asLogits: whether to leave out the folder's function from logits to scores.
  ///   - deadline: when the result is of no use any more; nil: never.
  /// - Throws: the errors of ``CrossEncoder/tokens(of:prompt:truncation:)-1bcqy`` and of
  ///   ``result(of:deadline:cache:)``.
  public func scores(
    of pairs: [(String, String)], with encoder: CrossEncoder, prompt: String? = nil, asLogits: Bool = false,
    deadline: ContinuousClock.Instant? = nil
  ) async throws -> PairScores {
    let byteCount = pairs.reduce(0) { $0 + $1.0.utf8.count + $1.1.utf8.count }
    let tokens = try await holding(bytes: byteCount) {
      try await encoder.tokens(of: pairs, prompt: prompt)
    }
    return try await result(of: encoder.request(for: tokens, asLogits: asLogits), deadline: deadline).output
  }
}
