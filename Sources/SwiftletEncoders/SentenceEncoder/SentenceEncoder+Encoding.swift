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
    let run = EncodingRun(texts, prompt: try pipeline.prompt(named: prompt), encoder: self)
    pool.run(count: run.chunkCount) { chunk, _ in run.tokenize(chunk) }
    pool.run(count: try run.plan()) { piece, worker in run.embed(piece, worker) }
    return run.result()
  }

  /// Computes the vectors of texts on the pool's threads while the caller is suspended.
  ///
  /// - Parameters: Like those of the synchronous method, which gives the same bits.
  /// - Throws: The same errors, and `CancellationError`: cancellation is checked before each piece of some hundred
  ///   tokens.
  public func encode(_ texts: [String], prompt: String? = nil) async throws -> Embeddings {
    let run = EncodingRun(texts, prompt: try pipeline.prompt(named: prompt), encoder: self)
    try await pool.run(count: run.chunkCount) { chunk, _ in run.tokenize(chunk) }
    try await pool.run(count: try run.plan()) { piece, worker in run.embed(piece, worker) }
    return run.result()
  }
}
