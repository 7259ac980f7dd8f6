// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers
import TestSupport
import Testing

/// Unigram tokenizers beside what the goldens cover: long words, batches, other classes, threads.
struct UnigramTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func tokenizer(_ pieces: [(String, Double)], parts: [String: String] = [:]) throws -> Tokenizer {
    try folder.write(unigramFile(pieces: pieces, parts: parts), to: "tokenizer.json")
    return try Tokenizer(folder: folder.path)
  }

  @Test func aSentence() throws {
    let tokenizer = try unigramTokenizer("multilingual", configuration: #"{"tokenizer_class":"XLMRobertaTokenizer"}"#)
    let encoding = try tokenizer.encode("Ｈello <mask>世界 \u{1F916}")
    #expect(encoding.ids.first == 0 && encoding.ids.last == 2)
    #expect(encoding.tokens.contains("<mask>") == false && encoding.tokens.contains(" <mask>"))
    #expect(encoding.tokens.dropLast().last == "\u{1F916}")
    let special = tokenizer.specialTokens
    #expect((special.classifier, special.padding, special.separator, special.unknown) == (0, 1, 2, 3))
    #expect(special.mask == tokenizer.id(of: "<mask>"))
    #expect(tokenizer.token(of: 3) == "<unk>" && tokenizer.token(of: -1) == nil)
    #expect(tokenizer.warnings.isEmpty)
  }

  @Test func batchesGetTheIDsOfEncode() throws {
    let parts: [[String]] = [
      ["All", "human", "beings", "Menschen", "free", "x", "1235", "ALL"],
      // About the lengths that caches of words end at, in bytes.
      (12...20).map { String(repeating: "ab1", count: 7).prefix($0) + "" }
        + (7...17).map { String(repeating: "люди", count: 5).prefix($0) + "" },
      [" ", " ", " ", "  ", "\t", "\n", "\r\n", "   "],
      (0x21..<0x7F).map { String(UnicodeScalar(UInt8($0))) },
      (0x00..<0x20).map { String(UnicodeScalar(UInt8($0))) } + ["\u{7F}"],
      ["é", "e\u{301}", "\u{301}", "中", "人人", "한국", "люди", "İ", "\u{AD}", "\u{A0}", "\u{3000}", "—", "🤖", "▁"],
      ["<mask>", "<s>", "<unk", "frei", "SEIN", "..."],
    ]
    for name in unigramFixtures {
      let tokenizer = try unigramTokenizer(name, configuration: #"{"model_input_names":["token_type_ids"]}"#)
      var random = SplitMix64(seed: 1)
      for _ in 0..<250 {
        let count = Int.random(in: 0...40, using: &random)
        // Mostly words and white space, so that plain stretches have all lengths.
        let text = (0..<count).map { _ in
          let kind = parts.randomElement(using: &random)!
          return (Bool.random(using: &random) ? kind : parts[Int.random(in: 0...2, using: &random)])
            .randomElement(using: &random)!
        }.joined()
        for maxLength in [Int.max, Int.random(in: 5...20, using: &random)] {
          let expected = try tokenizer.encode(text, options: EncodingOptions(maxLength: maxLength))
          var batch = TokenBatch()
          let isTruncated = try tokenizer.append(text, to: &batch, maxLength: maxLength)
          #expect(batch.ids == expected.ids, "\(name), \(text.debugDescription), at most \(maxLength)")
          #expect(isTruncated == expected.isTruncated && batch.typeIDs == expected.typeIDs)
        }
      }
    }
  }

  /// A long word is searched in parts; the pieces are those of a search of the whole.
  @Test(arguments: [false, true])
  func longWordsHaveTheBestPieces(hasTies: Bool) throws {
    var random = SplitMix64(seed: hasTies ? 1 : 2)
    for _ in 0..<5 {
      let letters = ["a", "b", "c"]
      var pieces: [String: Double] = [:]
      for _ in 0..<Int.random(in: 1...40, using: &random) {
        let length = Int.random(in: 1...9, using: &random)
        let piece = (0..<length).map { _ in letters.randomElement(using: &random)! }.joined()
        let score = Double.random(in: -20...2, using: &random)
        pieces[piece] = hasTies ? score.rounded() : score
      }
      let sorted = pieces.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
      let tokenizer = try tokenizer(sorted)
      for length in [1, 100, 5000, 9000] {
        let text = (0..<length).map { _ in letters.randomElement(using: &random)! }.joined()
        let expected = bestPieces(of: text, pieces)
        let found = try tokenizer.encode(text, options: EncodingOptions(addsSpecialTokens: false))
        #expect(found.tokens == expected, "\(pieces)")
        var batch = TokenBatch()
        try tokenizer.append(text, to: &batch, maxLength: .max)
        #expect(batch.ids == found.ids)
      }
    }
  }

  @Test func waysThatNeverMeetAreKept() throws {
    // Even and odd places: which one is right is known at the end only.
    let tokenizer = try tokenizer([("aa", -1)])
    for count in [20_000, 20_001] {
      let encoding = try tokenizer.encode(
        String(repeating: "a", count: count), options: EncodingOptions(addsSpecialTokens: false))
      #expect(encoding.count == (count + 1) / 2)
      // Of equal scores the first found stays.
      #expect(encoding.offsets.first == (count % 2 == 0 ? 0..<2 : 0..<1))
    }
  }

  @Test func readingStopsWhenTheSequenceIsFull() throws {
    let tokenizer = try tokenizer([("a", -1)])
    // What follows the part that is read is not even UTF-8.
    var text = ContiguousArray<UInt8>(repeating: UInt8(ascii: "a"), count: 1 << 20)
    text += [UInt8](repeating: 0xFF, count: 100)
    var batch = TokenBatch()
    #expect(try tokenizer.append(utf8: text.span, to: &batch, maxLength: 4))
    #expect(batch.ids == [3, 3, 3, 3])
    #expect(throws: TokenizerError.self) { try tokenizer.append(utf8: text.span, to: &batch, maxLength: .max) }
    #expect(batch.sequenceCount == 1 && batch.ids.count == 4)
  }

  @Test func lowercasingComesFirst() throws {
    let tokenizer = try unigramTokenizer("multilingual")
    let lowercasing = tokenizer.lowercasing()
    for text in ["ALLE MENSCHEN", "İSTANBUL Ǆ", "ÉÀ Ａ"] {
      let expected = try tokenizer.encode(text == "İSTANBUL Ǆ" ? "i\u{307}stanbul ǆ" : text.lowercased())
      #expect(try lowercasing.encode(text).ids == expected.ids)
      var batch = TokenBatch()
      try lowercasing.append(text, to: &batch, maxLength: .max)
      #expect(batch.ids == expected.ids)
    }
    #expect(lowercasing.normalization.lowercases && !tokenizer.normalization.lowercases)
  }

  @Test func manyThreadsGetTheSame() async throws {
    let tokenizer = try unigramTokenizer("multilingual")
    let texts = ["All human beings are born free", "Все люди рождаются свободными", "人人生而自由 <mask> x"]
    let expected = try texts.map { try tokenizer.encode($0).ids }
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<50).allSatisfy { _ in
            zip(texts, expected).allSatisfy { text, ids in
              var batch = TokenBatch()
              return (try? tokenizer.append(text, to: &batch, maxLength: .max)) == false && batch.ids == ids
            }
          }
        }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }

  /// The best pieces by a plain search of the whole text, unknown letters in a row joined.
  private func bestPieces(of text: String, _ scores: [String: Double]) -> [String] {
    let letters = Array(text)
    let unknown = min(scores.values.min()!, -1) - 10
    let longest = scores.keys.map(\.count).max()!
    var best = [(score: Double, length: Int)](repeating: (0, 0), count: letters.count + 1)
    for start in letters.indices {
      for length in 1...longest where start + length <= letters.count {
        let known = scores[String(letters[start..<start + length])]
        guard let score = known ?? (length == 1 ? unknown : nil) else { continue }
        let total = best[start].score + score
        let end = start + length
        if best[end].length == 0 || total > best[end].score { best[end] = (total, length) }
      }
    }
    var pieces: [(text: String, isKnown: Bool)] = []
    var end = letters.count
    while end > 0 {
      let piece = String(letters[end - best[end].length..<end])
      let isKnown = scores[piece] != nil
      if !isKnown, let last = pieces.last, !last.isKnown {
        pieces[pieces.count - 1].text = piece + last.text
      } else {
        pieces.append((piece, isKnown))
      }
      end -= best[end].length
    }
    return pieces.reversed().map(\.text)
  }
}
