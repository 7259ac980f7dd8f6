// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers
import TestSupport
import Testing

/// The ids, tokens, offsets and decoded text of varied texts equal those of Hugging Face's tokenizers.
struct GoldenTests {
  @Test(arguments: ["uncased", "cased", "odd"])
  func equalsReference(name: String) throws {
    let tokenizer =
      name == "uncased"
      ? try Tokenizer(path: repositoryPath("vocab/bert-base-uncased.txt"))
      : try Tokenizer(folder: fixture(name))
    try check(tokenizer, name)
  }

  @Test(arguments: unigramFixtures)
  func equalsReference(unigram name: String) throws { try check(unigramTokenizer(name), "unigram/\(name)") }

  private func check(_ tokenizer: Tokenizer, _ name: String) throws {
    let goldens = try JSONParser.parse(path: fixture("\(name)/goldens.json"), limit: 1 << 20)
    let cases = try #require(goldens.array).map { try #require($0.object) }
    #expect(cases.count > 100)
    for golden in cases { try check(tokenizer, golden) }
  }

  private func check(_ tokenizer: Tokenizer, _ golden: JSONObject) throws {
    let text = try #require(golden["text"]?.string)
    let pair = golden["pair"]?.string
    let options = EncodingOptions(
      addsSpecialTokens: golden["add_special_tokens"]?.bool ?? true, maxLength: golden["max_length"]?.int,
      treatsSpecialTokensAsText: golden["encode_special_tokens"]?.bool ?? false)
    let encoding = try tokenizer.encode(text, pair: pair, options: options)
    let ids = try #require(golden["ids"]?.array).map { Int32(try #require($0.int)) }
    let offsets = try #require(golden["offsets"]?.array).map { try #require($0.int) }
    let comment = Comment(rawValue: "\(text.debugDescription) \(pair ?? "") \(options)")
    #expect(encoding.ids == ids, comment)
    #expect(encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] } == offsets, comment)
    let typeIDs = golden["type_ids"]?.array?.map { Int32($0.int ?? -1) }
    #expect(encoding.typeIDs == typeIDs ?? ids.map { _ in 0 }, comment)
    #expect(encoding.isTruncated == golden["truncated"]?.bool ?? false, comment)
    if let tokens = golden["tokens"]?.array { #expect(encoding.tokens == tokens.map(\.string), comment) }
    if let decoded = golden["decoded"]?.string { #expect(try tokenizer.decode(ids) == decoded) }
    if let decoded = golden["decoded_with_special"]?.string {
      #expect(try tokenizer.decode(ids, skipsSpecialTokens: false) == decoded)
    }
    checkRanges(encoding, text, pair)
    if let cut = golden["ids_cut_at_start"]?.array, let maxLength = options.maxLength {
      var batch = TokenBatch()
      let isTruncated = try tokenizer.append(
        text, pair: pair, to: &batch, maxLength: maxLength, truncation: .atStart)
      #expect(batch.ids == cut.map { Int32($0.int ?? -1) }, comment)
      #expect(isTruncated == encoding.isTruncated && batch.truncated == [isTruncated], comment)
      checkRefusal(tokenizer, text, pair, maxLength, isTruncated: isTruncated)
    }
    if pair == nil && options.addsSpecialTokens && !options.treatsSpecialTokensAsText {
      var batch = TokenBatch()
      let isTruncated = try tokenizer.append(text, to: &batch, maxLength: options.maxLength ?? .max)
      #expect(batch.ids == ids && isTruncated == encoding.isTruncated, comment)
    }
  }

  /// A text that would be cut is refused with the number of its tokens.
  private func checkRefusal(
    _ tokenizer: Tokenizer, _ text: String, _ pair: String?, _ maxLength: Int, isTruncated: Bool
  ) {
    var batch = TokenBatch()
    let whole = try? tokenizer.encode(text, pair: pair)
    do {
      try tokenizer.append(text, pair: pair, to: &batch, maxLength: maxLength, truncation: .refused)
      #expect(!isTruncated && batch.ids == whole?.ids)
    } catch {
      let count = whole?.ids.count ?? 0
      #expect(isTruncated && batch == TokenBatch() && "\(error)".contains("\(count) tokens, at most \(maxLength)"))
    }
  }

  /// Ranges in bytes and in scalars are the same places of the text.
  private func checkRanges(_ encoding: Encoding, _ text: String, _ pair: String?) {
    for (index, range) in encoding.utf8Ranges.enumerated() {
      let utf8 = (encoding.textIndices[index] == 1 ? pair ?? "" : text).utf8
      let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
      let end = utf8.index(utf8.startIndex, offsetBy: range.upperBound)
      let scalars = String(utf8[start..<end])?.unicodeScalars.count
      #expect(scalars == encoding.offsets[index].count)
    }
  }
}
