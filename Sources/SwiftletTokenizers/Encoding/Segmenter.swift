// SPDX-License-Identifier: Apache-2.0

/// Turns a text into token ids. Everything in which WordPiece and Unigram differ is behind it.
enum Segmenter: Sendable {
  case wordPiece(WordPieceStages)
  case unigram(UnigramStages)

  /// The pieces of `text`, those past `limit` left out.
  func pieces(
    of text: Span<UInt8>, limit: Int, treatsSpecialTokensAsText: Bool
  ) throws(TokenizerError) -> TextTokens {
    switch self {
    case .wordPiece(let stages):
      try WordPiecePass.pieces(of: text, stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText)
    case .unigram(let stages):
      try UnigramPass.pieces(of: text, stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText)
    }
  }

  /// Appends the ids of at most `limit` pieces of `text` to `ids`, and returns whether the text has more. Some ids may
  /// have been appended before an error.
  @inline(__always)
  func appendIDs(
    of text: Span<UInt8>, limit: Int, treatsSpecialTokensAsText: Bool, to ids: inout [Int32]
  ) throws(TokenizerError) -> Bool {
    do {
      switch self {
      case .wordPiece(let stages):
        return try WordPiecePass.appendIDs(
          of: text, stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText, to: &ids)
      case .unigram(let stages):
        return try UnigramPass.appendIDs(
          of: text, stages, limit: limit, treatsSpecialTokensAsText: treatsSpecialTokensAsText, to: &ids)
      }
    } catch {
      // Looking for added tokens passes over the bytes before them.
      throw text.first(error)
    }
  }

  /// The added tokens that are looked for in normalized text, as they look there.
  var normalizedSpellings: [Int32: String] {
    switch self {
    case .wordPiece(let stages): stages.addedTokens.spellings
    case .unigram(let stages): stages.addedTokens.spellings
    }
  }

  /// The normalization, as far as it is one of BERT's.
  var normalization: Normalization {
    switch self {
    case .wordPiece(let stages): stages.normalization
    case .unigram(let stages):
      Normalization(
        lowercases: stages.normalization.lowercases, stripsAccents: false, isolatesIdeographs: false, cleansText: false)
    }
  }

  /// A copy that also lowercases.
  func lowercasing(_ addedTokens: [AddedToken]) -> Segmenter {
    switch self {
    case .wordPiece(let stages):
      var normalization = stages.normalization
      normalization.lowercases = true
      return .wordPiece(WordPieceStages(addedTokens: addedTokens, normalization: normalization, model: stages.model))
    case .unigram(let stages):
      var normalization = stages.normalization
      normalization.lowercases = true
      return .unigram(
        UnigramStages(
          addedTokens: addedTokens, normalization: normalization, splitting: stages.splitting, model: stages.model))
    }
  }
}
