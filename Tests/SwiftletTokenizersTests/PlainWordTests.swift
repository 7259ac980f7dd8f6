// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers
import TestSupport
import Testing

/// Batches take a shorter way for plain ASCII, and must get the ids of `encode`, which goldens check.
struct PlainWordTests {
  private static let parts: [[String]] = [
    ["the", "Tokenization", "embeddings", "unaffable", "x", "1235", "3D", "QQQ"],
    (13...18).map { String(repeating: "ab1", count: 6).prefix($0) + "" } + [String(repeating: "z", count: 101)],
    [" ", " ", " ", "  ", "\t", "\n", "\r\n"],
    (0x21..<0x7F).map { String(UnicodeScalar(UInt8($0))) },
    (0x00..<0x20).map { String(UnicodeScalar(UInt8($0))) } + ["\u{7F}"],
    ["é", "e\u{301}", "\u{301}", "\u{302E}", "中", "한국", "İ", "\u{AD}", "\u{A0}", "\u{3000}", "—", "🤖"],
    ["[SEP]", "[sep]", "[MASK", "##", "[", "]"],
  ]

  @Test(arguments: [
    Normalization(), Normalization(lowercases: false), Normalization(lowercases: false, stripsAccents: true),
  ])
  func theIDsAreThoseOfEncode(normalization: Normalization) throws {
    try check(Tokenizer(path: repositoryPath("vocab/bert-base-uncased.txt"), normalization: normalization))
  }

  @Test(arguments: ["cased", "odd"])
  func theIDsAreThoseOfEncode(fixture name: String) throws { try check(Tokenizer(folder: fixture(name))) }

  private func check(_ tokenizer: Tokenizer) throws {
    var random = SplitMix64(seed: 1)
    for _ in 0..<1000 {
      let count = Int.random(in: 0...40, using: &random)
      // Mostly words and white space, so that plain stretches have all lengths.
      let text = (0..<count).map { _ in
        let kind = Self.parts.randomElement(using: &random)!
        return (Bool.random(using: &random) ? kind : Self.parts[Int.random(in: 0...2, using: &random)])
          .randomElement(using: &random)!
      }.joined()
      for maxLength in [Int.max, Int.random(in: 2...20, using: &random)] {
        let expected = try tokenizer.encode(text, options: EncodingOptions(maxLength: maxLength))
        var batch = TokenBatch()
        let isTruncated = try tokenizer.append(text, to: &batch, maxLength: maxLength)
        #expect(batch.ids == expected.ids, "\(text.debugDescription), at most \(maxLength)")
        #expect(isTruncated == expected.isTruncated, "\(text.debugDescription), at most \(maxLength)")
      }
    }
  }
}
