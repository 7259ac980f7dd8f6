// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SwiftletTokenizers

/// The white space that RoBERTa's post-processor takes out of the places of tokens.
struct OffsetTrimmingTests {
  private func trimmed(_ ranges: [Range<Int>], of tokens: [String], in text: String, keeps: Bool) -> [Range<Int>] {
    var ranges = ranges
    let bytes = Array(text.utf8)
    OffsetTrimming(keepsFirstSpace: keeps).trim(&ranges, of: tokens, in: bytes.span)
    return ranges
  }

  @Test func whiteSpaceAtBothEnds() {
    let tokens = [" a", "b", "\u{3000} c\u{A0}", "  "], text = "x ab\u{3000} c\u{A0}  "
    let ranges = [1..<3, 3..<4, 4..<11, 11..<13]
    #expect(trimmed(ranges, of: tokens, in: text, keeps: false) == [2..<3, 3..<4, 8..<9, 13..<13])
  }

  /// One space stays at the start of the text or of the first token, two do not.
  @Test func theFirstSpace() {
    #expect(trimmed([1..<3, 3..<5], of: [" a", " b"], in: "x a b", keeps: true) == [1..<3, 4..<5])
    #expect(trimmed([0..<1, 0..<2], of: ["x", " a"], in: " a", keeps: true) == [0..<1, 0..<2])
    #expect(trimmed([0..<3], of: ["  a"], in: "  a", keeps: true) == [2..<3])
  }
}
