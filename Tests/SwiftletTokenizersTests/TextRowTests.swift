// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers
import TestSupport
import Testing

/// Texts that are easy to get wrong, row by row, with the tokens of the reference's fast tokenizer, uncased.
/// GoldenTests and ScalarTests compare with the reference's own output.
struct TextRowTests {
  /// A text and its tokens, given by name or as those of another text.
  struct Row: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let text: String
    var tokens: [String]?
    var equals: String?

    init(_ name: String, _ text: String, _ tokens: [String]) {
      (testDescription, self.text, self.tokens) = (name, text, tokens)
    }

    init(_ name: String, _ text: String, equals: String) {
      (testDescription, self.text, self.equals) = (name, text, equals)
    }
  }

  private static let tokenizer = Result { try Tokenizer(path: repositoryPath("vocab/bert-base-uncased.txt")) }

  private func tokens(_ text: String, treatsSpecialTokensAsText: Bool = false) throws -> [String] {
    let options = EncodingOptions(addsSpecialTokens: false, treatsSpecialTokensAsText: treatsSpecialTokensAsText)
    return try Self.tokenizer.get().encode(text, options: options).tokens
  }

  @Test(arguments: [
    Row("empty, spaces", "", []),
    Row("empty, spaces", " \t\n ", []),
    Row("1 MB word", String(repeating: "a", count: 1_000_000), ["[UNK]"]),
    Row("word of 100 scalars", String(repeating: "a", count: 100), equals: String(repeating: "A", count: 100)),
    Row("special token in text, in words too", "a[SEP]b [sep]", ["a", "[SEP]", "b", "[", "sep", "]"]),
    Row("NUL, U+FFFD", "a\0b \u{FFFD}c", ["ab", "c"]),
    Row("NBSP, U+3000, U+2028, U+2029", "a\u{A0}b\u{3000}c\u{2028}d\u{2029}e", ["a", "b", "c", "d", "e"]),
    Row("VT, FF, U+0085, U+001C to 1F", "a\u{B}b\u{C}c\u{85}d\u{1C}e\u{1F}f", equals: "abcdef"),
    Row("ZWSP, ZWJ, ZWNJ, soft hyphen", "w\u{200B}o\u{200D}r\u{200C}d\u{AD}s", ["words"]),
    Row("U+FEFF, bidi marks, tags", "w\u{FEFF}o\u{200E}r\u{202A}d\u{E0041}s", ["words"]),
    Row("newer formats are kept", "a \u{8E2} b", ["a", "[UNK]", "b"]),
    Row("private use", "w\u{E000}o\u{F8FF}rds", ["words"]),
    Row("unassigned, U+FFFF", "a \u{FFFF} \u{378}", ["a", "[UNK]", "[UNK]"]),
    Row("combining", "é É e\u{301}", ["e", "e", "e"]),
    Row("combining", "й", equals: "и"),
    Row("combining", "ガ", equals: "カ"),
    Row("Hangul", "한", ["ᄒ", "##ᅡ", "##ᆫ"]),
    Row("Hangul, more than 100 jamo", String(repeating: "한", count: 34), ["[UNK]"]),
    Row("CJK", "a中国b", ["a", "中", "国", "b"]),
    Row("CJK, the reference's gap", "\u{2B820}\u{2B820}", ["[UNK]"]),
    Row("CJK, beside the gap", "\u{2B920}\u{2B920}", ["[UNK]", "[UNK]"]),
    Row("RTL comma", "ا،ب", ["ا", "،", "ب"]),
    Row("emoji family", "👨‍👩‍👧", ["[UNK]"]),
    Row("İ", "İ", ["i"]),
    Row("ı", "ı", ["ı"]),
    Row("I", "I", ["i"]),
    Row("ß", "ẞ", equals: "ß"),
    Row("Σ", "ΟΔΟΣ", equals: "οδοσ"),
    Row("fullwidth letter", "Ａ", equals: "ａ"),
    Row("fullwidth comma", "a，b", ["a", "，", "b"]),
    Row("symbols", "a$b+c", ["a", "$", "b", "+", "c"]),
    Row("symbols", "a<b=c>d^e~f", ["a", "<", "b", "=", "c", ">", "d", "^", "e", "~", "f"]),
  ])
  func becomes(row: Row) throws {
    let expected = try row.equals.map { try tokens($0) } ?? row.tokens ?? []
    let found = try tokens(row.text)
    #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    #expect(row.equals == nil || !found.isEmpty)
  }

  @Test("symbols that are not isolated", arguments: ["a€b", "a©b", "a＋b"])
  func oneWord(text: String) throws {
    let found = try tokens(text)
    #expect(found == ["[UNK]"] || found.count > 1 && found.dropFirst().allSatisfy { $0.hasPrefix("##") })
  }

  @Test("a special token as plain text") func specialTokenAsText() throws {
    #expect(try tokens("[SEP]", treatsSpecialTokensAsText: true) == ["[", "sep", "]"])
  }

  @Test("a maximum length without room for the special tokens") func maximumLengthTooSmall() throws {
    let tokenizer = try Self.tokenizer.get()
    #expect(throws: TokenizerError.self) { try tokenizer.encode("a", options: EncodingOptions(maxLength: 1)) }
    #expect(throws: TokenizerError.self) {
      try tokenizer.encode("a", pair: "b", options: EncodingOptions(maxLength: 2))
    }
  }

  @Test("bytes that are not UTF-8") func invalidUTF8() throws {
    let tokenizer = try Self.tokenizer.get()
    var batch = TokenBatch()
    let bytes: ContiguousArray<UInt8> = [0x61, 0xFF]
    #expect(throws: TokenizerError.self) {
      try tokenizer.append(utf8: bytes.span, to: &batch, maxLength: 16)
    }
    #expect(batch == TokenBatch())
  }
}
