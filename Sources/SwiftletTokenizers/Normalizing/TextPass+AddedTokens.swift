// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The stage that finds added tokens: in the raw text and, if the tokenizer has such tokens, in the normalized rest.
extension TextPass {
  /// Reads the text from `start` to its end, or until the pass is full.
  mutating func read(_ text: Span<UInt8>, from start: Int) throws(TokenizerError) {
    var (position, search) = (start, start)
    while position < text.count, !isFull {
      let match = try stages.rawTokens.firstMatch(
        in: text, from: search, limit: position, includesSpecial: !treatsSpecialTokensAsText)
      let end = match?.bytes.lowerBound ?? text.count
      if position < end {
        if stages.normalizedTokens.isEmpty {
          try readSegment(position..<end, of: text)
        } else {
          try readNormalized(try normalize(position..<end, of: text))
        }
      }
      guard let match else { return }
      append(match.id, from: match.bytes, spelled: text.extracting(match.bytes))
      (position, search) = (match.bytes.upperBound, match.end)
    }
  }

  /// Normalizes a whole text.
  static func normalize(_ text: String, _ stages: Stages) throws(TokenizerError) -> [UInt8] {
    try withUTF8(of: text) { (text) throws(TokenizerError) in
      var pass = TextPass(stages, limit: 0, treatsSpecialTokensAsText: true, tracksOrigins: false)
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
    var (position, search) = (0, 0)
    while position < bytes.count, !isFull {
      let match = try stages.normalizedTokens.firstMatch(
        in: bytes, from: search, limit: position, includesSpecial: !treatsSpecialTokensAsText)
      let end = match?.bytes.lowerBound ?? bytes.count
      while position < end, !isFull {
        let (scalar, byteCount) = try bytes.scalar(at: position)
        splitWord(scalar, stages.tables.properties(of: scalar), from: origins[position])
        position += byteCount
      }
      endWord()
      guard let match else { return }
      let found = match.bytes
      let origin = origins[found.lowerBound].lowerBound..<origins[found.upperBound - 1].upperBound
      append(match.id, from: origin, spelled: bytes.extracting(found))
      (position, search) = (found.upperBound, match.end)
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

  mutating func append(_ scalar: UInt32, from origin: Range<Int>) {
    guard let scalar = Unicode.Scalar(scalar) else { preconditionFailure("\(scalar) is no Unicode scalar") }
    bytes += UTF8.encode(scalar)!
    while origins.count < bytes.count { origins.append(origin) }
  }
}
