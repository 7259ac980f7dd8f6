// SPDX-License-Identifier: Apache-2.0

public import SwiftletTokenizers

extension SentenceEncoder {
  /// The tokens of texts as the encoder reads them: ``encode(_:)-26yrt`` gives them the vectors that
  /// ``encode(_:prompt:)-2b51s`` gives the texts.
  ///
  /// - Parameters:
  ///   - texts: any number of texts of any length.
  ///   - prompt: the name of one of ``prompts``, which is put before each text; nil: the folder's default prompt, if
  ///     any; empty: no prompt.
  ///   - truncation: what is done with texts of more than ``maxLength`` tokens.
  /// - Throws: A ``SwiftletError`` if there is no such prompt, if a text has over 2 GB, or if one has too many tokens and
  ///   these are refused.
  public func tokens(
    of texts: [String], prompt: String? = nil, truncation: TextTruncation = .atEnd
  ) throws -> TokenBatch {
    try pipeline.tokens(of: texts.map { EncoderInput($0) }, prompt: prompt, truncation: truncation)
  }

  /// The tokens of texts, made while other tasks have their turns on the thread.
  ///
  /// The parameters are those of the synchronous method, which gives the same tokens.
  ///
  /// - Throws: The same errors, and `CancellationError`.
  public func tokens(
    of texts: [String], prompt: String? = nil, truncation: TextTruncation = .atEnd
  ) async throws -> TokenBatch {
    try await pipeline.tokens(of: texts.map { EncoderInput($0) }, prompt: prompt, truncation: truncation)
  }

  /// Computes the vectors of texts that are split into tokens already. The calling thread takes part in the work.
  ///
  /// - Parameter tokens: those of ``tokens(of:prompt:truncation:)-2wk80``, or ids from elsewhere with the special tokens
  ///   that the model was trained with.
  /// - Returns: `[sequences, dimension]`; sequences that were cut are listed as truncated.
  /// - Throws: A ``SwiftletError`` for an id that the model does not have, and for a sequence with no tokens or with more
  ///   than the model has positions.
  public func encode(_ tokens: TokenBatch) throws -> Embeddings {
    try pipeline.check(tokens)
    return Embeddings(try pipeline.run(tokens, weights: weights).result())
  }

  /// Computes the vectors of tokens on the pool's threads while the caller is suspended.
  ///
  /// - Parameter tokens: Like that of the synchronous method, which gives the same bits.
  /// - Throws: The same errors, and `CancellationError`.
  public func encode(_ tokens: TokenBatch) async throws -> Embeddings {
    try pipeline.check(tokens)
    return Embeddings(try await pipeline.run(tokens, weights: weights).result())
  }

  /// An encoder with the same weights, which it shares, and with other settings: what
  /// ``EncoderSettings/normalize`` and ``EncoderSettings/truncateDimension`` would have given it. It takes no time to make.
  ///
  /// - Parameters:
  ///   - normalize: whether vectors are scaled to unit length, also after they were shortened; nil: as here.
  ///   - truncateDimension: the number of leading dimensions to keep; nil: as here.
  /// - Throws: A ``SwiftletError`` for a number of dimensions that the model does not have.
  public func with(normalize: Bool? = nil, truncateDimension: Int? = nil) throws -> SentenceEncoder {
    var encoder = self
    encoder.pipeline = try pipeline.with(normalize: normalize, truncateDimension: truncateDimension)
    return encoder
  }
}
