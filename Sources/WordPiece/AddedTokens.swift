// SPDX-License-Identifier: Apache-2.0

/// The first stage: added tokens split the raw text; the leftmost counts, then the longest.
struct AddedTokens: Sendable {
  /// Longest first.
  let tokens: [AddedToken]
  private let contents: [[UInt8]]
  private let startsToken: [Bool]

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens.filter { !$0.content.isEmpty }.sorted {
      $0.content.utf8.count > $1.content.utf8.count
    }
    contents = self.tokens.map { Array($0.content.utf8) }
    var startsToken = [Bool](repeating: false, count: 256)
    for content in contents { startsToken[Int(content[0])] = true }
    self.startsToken = startsToken
  }

  /// The first added token at or after `position`, with the white space that belongs to it.
  ///
  /// O(bytes up to there); each byte that starts some token costs a comparison with all tokens.
  func firstMatch(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, includesSpecial: Bool
  ) throws(TokenizerError) -> (id: Int32, bytes: Range<Int>)? {
    var position = start
    while true {
      startsToken.withUnsafeBufferPointer {
        while position < text.count, !$0[Int(text[position])] { position += 1 }
      }
      guard position < text.count else { return nil }
      guard let found = contents.firstIndex(where: { text[position...].starts(with: $0) }) else {
        position += 1
        continue
      }
      let token = tokens[found]
      let end = position + contents[found].count
      if token.isSpecial && !includesSpecial {
        position = end
        continue
      }
      let first = token.stripsLeft ? try whitespaceStart(before: position, in: text, from: start) : position
      let last = token.stripsRight ? try whitespaceEnd(after: end, in: text) : end
      return (token.id, first..<last)
    }
  }

  private func whitespaceStart(
    before end: Int, in text: UnsafeBufferPointer<UInt8>, from start: Int
  ) throws(TokenizerError) -> Int {
    var first = end
    while first > start {
      var previous = first - 1
      while previous > start, text[previous] & 0xC0 == 0x80 { previous -= 1 }
      guard UnicodeTables.shared.properties(of: try text.scalar(at: previous).value).isWhitespace else {
        break
      }
      first = previous
    }
    return first
  }

  private func whitespaceEnd(
    after start: Int, in text: UnsafeBufferPointer<UInt8>
  ) throws(TokenizerError) -> Int {
    var end = start
    while end < text.count {
      let (scalar, byteCount) = try text.scalar(at: end)
      guard UnicodeTables.shared.properties(of: scalar).isWhitespace else { break }
      end += byteCount
    }
    return end
  }
}
