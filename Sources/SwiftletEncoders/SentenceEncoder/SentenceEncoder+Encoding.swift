// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension SentenceEncoder {
  /// Computes the vectors of texts. The calling thread takes part in the work.
  ///
  /// - Parameters:
  ///   - texts: any number of texts of any length; an empty text has a vector, too.
  ///   - prompt: the name of one of ``prompts``, which is put before each text; nil: the folder's default prompt, if
  ///     any; empty: no prompt.
  /// - Returns: `[texts, dimension]`; texts with more than ``maxLength`` tokens are cut and listed as truncated.
  /// - Throws: A ``SwiftletError`` if there is no such prompt, or if a text has over 2 GB.
  /// - Complexity: a token of the bundled model takes 21.2 million floating-point operations, and 0.0092 million
  ///   more for each token of its text.
  public func encode(_ texts: [String], prompt: String? = nil) throws -> Embeddings {
    Embeddings(try run(texts, prompt).result())
  }

  /// Computes the vectors of texts on the pool's threads while the caller is suspended.
  ///
  /// The parameters are those of the synchronous method, which gives the same bits.
  ///
  /// - Throws: The same errors, and `CancellationError`: cancellation is checked before each piece of some hundred
  ///   tokens.
  public func encode(_ texts: [String], prompt: String? = nil) async throws -> Embeddings {
    Embeddings(try await run(texts, prompt).result())
  }

  /// Looks up each text in a cache and computes only those that are missing, equal ones once. The calling thread takes part
  /// in the work.
  ///
  /// - Parameters:
  ///   - texts: as without a cache.
  ///   - prompt: as without a cache.
  ///   - cache: where vectors are looked for and kept.
  /// - Returns: The same vectors as without a cache.
  /// - Throws: The same errors.
  public func encode(_ texts: [String], prompt: String? = nil, cache: EmbeddingCache) throws -> Embeddings {
    let tokens = try pipeline.tokens(of: texts.map { EncoderInput($0) }, prompt: prompt)
    guard let lookup = cache.lookUp(try request(for: tokens).work) else { preconditionFailure("vectors are kept") }
    let computed = try pipeline.run(lookup.missing.tokens, weights: weights).result().rows
    cache.insert(computed, for: lookup)
    return Embeddings(tensor: lookup.rows(with: computed), truncated: tokens.truncatedSequences)
  }

  private func run(_ texts: [String], _ prompt: String?) throws -> EncodingRun {
    try pipeline.run(texts.map { EncoderInput($0) }, prompt: prompt, weights: weights)
  }
}
