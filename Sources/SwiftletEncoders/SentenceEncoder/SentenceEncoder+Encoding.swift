// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension SentenceEncoder {
  /// The vectors of texts. The calling thread takes part in the work.
  ///
  /// - Parameters:
  ///   - texts: in any number and of any lengths; the empty text has a vector too.
  ///   - prompt: the name of one of ``prompts``, put before each text; nil: the folder's default prompt, if
  ///     any; empty: none.
  /// - Returns: `[texts, dimension]`; texts beyond ``maxLength`` tokens are cut, and listed as truncated.
  /// - Throws: ``EncoderSettingsError`` if there is no such prompt; `TokenizerError` if a text has over 2 GB.
  /// - Complexity: a token of the bundled model takes 21.2 million floating-point operations, and 0.0092 million
  ///   more for each token of its text.
  public func encode(_ texts: [String], prompt: String? = nil) throws -> Embeddings {
    let run = EncodingRun(texts, prompt: try pipeline.prompt(named: prompt), encoder: self)
    pool.run(count: run.chunkCount) { chunk, _ in run.tokenize(chunk) }
    pool.run(count: try run.plan()) { piece, worker in run.embed(piece, worker) }
    return run.result()
  }

  /// The vectors of texts, computed by the pool's threads while the caller is suspended.
  ///
  /// - Parameters: As for the synchronous call, which gives the same bits.
  /// - Throws: `CancellationError` too: cancellation is looked at before each piece of some hundred tokens.
  public func encode(_ texts: [String], prompt: String? = nil) async throws -> Embeddings {
    let run = EncodingRun(texts, prompt: try pipeline.prompt(named: prompt), encoder: self)
    try await pool.run(count: run.chunkCount) { chunk, _ in run.tokenize(chunk) }
    try await pool.run(count: try run.plan()) { piece, worker in run.embed(piece, worker) }
    return run.result()
  }
}
