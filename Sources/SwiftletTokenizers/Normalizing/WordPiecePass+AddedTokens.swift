// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The stage that finds added tokens: in the raw text and, if the tokenizer has such tokens, in the normalized rest.
extension WordPiecePass {
  /// Reads the text from `start` to its end, or until the pass is full.
  mutating func read(_ text: Span<UInt8>, from start: Int) throws(TokenizerError) {
    var walk = AddedTokenWalk(from: start)
    while !isFull,
      let (before, token) = try walk.next(stages.addedTokens.raw, in: text, includesSpecial: !treatsSpecialTokensAsText)
    {
      if !before.isEmpty {
        if stages.addedTokens.normalized.isEmpty {
          try readSegment(before, of: text)
        } else {
          try readNormalized(try normalize(before, of: text))
        }
      }
      if let token { append(token.id, from: token.bytes, spelled: text.extracting(token.bytes)) }
    }
  }

  /// Normalizes a whole text.
  static func normalize(_ text: String, _ stages: WordPieceStages) throws(TokenizerError) -> [UInt8] {
    try withUTF8(of: text) { (text) throws(TokenizerError) in
      var pass = WordPiecePass(stages, limit: 0, treatsSpecialTokensAsText: true, tracksOrigins: false)
      return Array(try pass.normalize(0..<text.count, of: text).bytes)
    }
  }

  /// Normalizes a stretch of the text; memory in proportion to it.
  private mutating func normalize(
    _ segment: Range<Int>, of text: Span<UInt8>
  ) throws(TokenizerError) -> NormalizedText {
    normalized = NormalizedText()
    var position = segment.lowerBound
    while position < segment.upperBound {
      position = try normalizeScalar(at: position, to: segment.upperBound, in: text)
    }
    let result = normalized ?? NormalizedText()
    normalized = nil
    return result
  }

  /// Splits normalized text at added tokens, and the text between them into words.
  private mutating func readNormalized(_ normalized: NormalizedText) throws(TokenizerError) {
    let bytes = normalized.bytes.span, origins = normalized.origins
    var walk = AddedTokenWalk(from: 0)
    while !isFull,
      let (before, token) = try walk.next(
        stages.addedTokens.normalized, in: bytes, includesSpecial: !treatsSpecialTokensAsText)
    {
      var position = before.lowerBound
      while position < before.upperBound, !isFull {
        let (scalar, byteCount) = try bytes.scalar(at: position)
        splitWord(scalar, stages.tables.properties(of: scalar), from: origins[position])
        position += byteCount
      }
      endWord()
      guard let token else { return }
      append(token.id, from: normalized.origin(of: token.bytes), spelled: bytes.extracting(token.bytes))
    }
  }

  /// Appends an added token with its spelling in the text.
  private mutating func append(_ id: Int32, from origin: Range<Int>, spelled text: Span<UInt8>) {
    if ranges != nil { spellings[ids.count] = String(utf8: text) }
    ids.append(id)
    ranges?.append(origin)
  }
}

/// A stretch of normalized text. Only tokenizers that look for added tokens in normalized text make one.
struct NormalizedText {
  /// UTF-8.
  private(set) var bytes: ContiguousArray<UInt8> = []
  /// For each byte, the place in the text that its scalar comes from.
  private(set) var origins: [Range<Int>] = []

  /// Where the scalars of a range come from.
  func origin(of range: Range<Int>) -> Range<Int> {
    origins[range.lowerBound].lowerBound..<origins[range.upperBound - 1].upperBound
  }

  mutating func append(_ scalar: UInt32, from origin: Range<Int>) {
    guard let scalar = Unicode.Scalar(scalar) else { preconditionFailure("\(scalar) is no Unicode scalar") }
    bytes += UTF8.encode(scalar)!
    while origins.count < bytes.count { origins.append(origin) }
  }
}
