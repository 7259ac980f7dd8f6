// SPDX-License-Identifier: Apache-2.0

/// The stage that looks for added tokens: in the raw text, and for the few tokenizers with such tokens, in
/// what the normalizer made of the rest.
extension TextPass {
  /// Reads the text from `start` to its end, or until the pass is full.
  mutating func readText(from start: Int) throws(TokenizerError) {
    var (position, search) = (start, start)
    while position < text.count, !isFull {
      let match = try stages.rawTokens.firstMatch(
        in: text, from: search, limit: position, includesSpecial: !encodesSpecialTokens)
      let end = match?.bytes.lowerBound ?? text.count
      if position < end {
        if stages.normalizedTokens.isEmpty {
          try readSegment(position..<end)
        } else {
          try readNormalized(try normalize(position..<end))
        }
      }
      guard let match else { return }
      append(match.id, from: match.bytes, spelled: text[match.bytes])
      (position, search) = (match.bytes.upperBound, match.end)
    }
  }

  /// What the normalizer makes of a whole text.
  static func normalize(_ text: [UInt8], _ stages: Stages) throws(TokenizerError) -> [UInt8] {
    try text.withUnsafeBufferPointer { (text) throws(TokenizerError) in
      try withMemory(for: text, stages) { (word, pieces) throws(TokenizerError) in
        var pass = TextPass(
          stages, text: text, limit: 0, encodesSpecialTokens: true, tracksOrigins: false, word: word,
          pieces: PieceList(memory: pieces))
        return try pass.normalize(0..<text.count).bytes
      }
    }
  }

  /// What the normalizer makes of a stretch of the text; memory in proportion to it.
  private mutating func normalize(_ segment: Range<Int>) throws(TokenizerError) -> NormalizedText {
    normalized = NormalizedText()
    var position = segment.lowerBound
    while position < segment.upperBound {
      position = try normalizeScalar(at: position, to: segment.upperBound)
    }
    let result = normalized ?? NormalizedText()
    normalized = nil
    return result
  }

  /// Splits normalised text at added tokens, and what is between them into words.
  private mutating func readNormalized(_ normalized: NormalizedText) throws(TokenizerError) {
    try normalized.bytes.withUnsafeBufferPointer { (bytes) throws(TokenizerError) in
      let origins = normalized.origins
      var (position, search) = (0, 0)
      while position < bytes.count, !isFull {
        let match = try stages.normalizedTokens.firstMatch(
          in: bytes, from: search, limit: position, includesSpecial: !encodesSpecialTokens)
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
        append(match.id, from: origin, spelled: bytes[found])
        (position, search) = (found.upperBound, match.end)
      }
    }
  }

  /// Appends an added token, spelled as the text does it.
  private mutating func append(_ id: Int32, from origin: Range<Int>, spelled: Slice<UnsafeBufferPointer<UInt8>>) {
    if ranges != nil { spellings[pieces.count] = String(decoding: spelled, as: UTF8.self) }
    pieces.makeRoom()
    pieces.append(id)
    ranges?.append(origin)
  }
}
