// SPDX-License-Identifier: Apache-2.0

/// Takes the white space at the ends of tokens out of their places, as RoBERTa's post-processor does (`tokenizers`,
/// pre_tokenizers/byte_level, process_offsets).
struct OffsetTrimming: Sendable, Equatable {
  /// Whether one space at the start of a text stays, as one that the tokenizer put there.
  let keepsFirstSpace: Bool

  /// Shortens the ranges of the tokens of a text, in bytes.
  func trim(_ ranges: inout [Range<Int>], of tokens: [String], in text: Span<UInt8>) {
    for (index, token) in tokens.enumerated() {
      var leading = token.unicodeScalars.prefix(while: Self.isSpace).count
      let trailing = token.unicodeScalars.reversed().prefix(while: Self.isSpace).count
      guard leading > 0 || trailing > 0 else { continue }
      var (start, end) = (ranges[index].lowerBound, ranges[index].upperBound)
      if keepsFirstSpace, leading == 1, index == 0 || start == 0 { leading = 0 }
      for _ in 0..<leading where start < end {
        start += 1
        while start < end, text[start] & 0xC0 == 0x80 { start += 1 }
      }
      for _ in 0..<trailing where start < end {
        end -= 1
        while start < end, text[end] & 0xC0 == 0x80 { end -= 1 }
      }
      ranges[index] = start..<end
    }
  }

  /// White space, or the letter that stands for a space in byte-level vocabularies.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\u{120}" || UnicodeTables.shared.properties(of: scalar.value).isWhitespace
  }
}
