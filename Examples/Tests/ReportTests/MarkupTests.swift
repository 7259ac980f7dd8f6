// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RunReport

struct MarkupTests {
  @Test func textIsEscapedAndMarkupIsNot() {
    let text = "<script>alert('\"&\")</script>"
    let cell: Markup = "<td title=\"\(text)\">\(text)</td>"
    let expected = "&lt;script&gt;alert(&#39;&quot;&amp;&quot;)&lt;/script&gt;"
    #expect(cell.source == "<td title=\"\(expected)\">\(expected)</td>")
    #expect(("<tr>\(cell)\([cell, cell])</tr>" as Markup).source.components(of: cell.source) == 3)
  }

  @Test func whatXMLDoesNotHaveIsReplaced() {
    #expect(("\("a\u{0}b\u{1B}c\u{FFFE}\u{7F}")" as Markup).source == "a\u{FFFD}b\u{FFFD}c\u{FFFD}\u{FFFD}")
    #expect(("\("a\nb\tc\u{2028}d")" as Markup).source == "a b c d")
    #expect(("\("a\u{202E}b")" as Markup).source == "a\u{FFFD}b")
    #expect(("\("e\u{301} 🙂 שלום")" as Markup).source == "e\u{301} 🙂 שלום")
  }

  @Test func longTextsAreCut() {
    #expect("abc".cut(to: 3) == "abc")
    #expect("abcd".cut(to: 3) == "ab…")
  }
}

extension String {
  /// How often `part` occurs.
  func components(of part: String) -> Int { split(separator: part, omittingEmptySubsequences: false).count - 1 }
}
