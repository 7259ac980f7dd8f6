// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers
import TestSupport
import Testing

struct EncodingTests {
  let tokenizer: Tokenizer

  init() throws { tokenizer = try Tokenizer(path: repositoryPath("vocab/bert-base-uncased.txt")) }

  @Test func aSentence() throws {
    let encoding = try tokenizer.encode("Héllo, [SEP] unaffable 中国!")
    #expect(
      encoding.tokens
        == ["[CLS]", "hello", ",", "[SEP]", "una", "##ffa", "##ble", "中", "国", "!", "[SEP]"])
    #expect(encoding.ids == [101, 7592, 1010, 102, 14477, 20961, 3468, 1746, 1799, 999, 102])
    #expect(encoding.offsets[4..<7] == [13..<16, 16..<19, 19..<22])
    #expect(encoding.utf8Ranges[4..<7] == [14..<17, 17..<20, 20..<23])
  }

  @Test func specialTokens() {
    #expect(tokenizer.vocabularySize == 30_522)
    let special = tokenizer.specialTokens
    #expect((special.padding, special.unknown) == (0, 100))
    #expect((special.classifier, special.separator, special.mask) == (101, 102, 103))
    #expect(tokenizer.id(of: "##ing") == 2075)
    #expect(tokenizer.token(of: 2075) == "##ing")
    #expect(tokenizer.token(of: -1) == nil && tokenizer.token(of: 30_522) == nil)
    #expect(tokenizer.warnings.isEmpty)
  }

  @Test func batchesHoldSequencesSideBySide() throws {
    var batch = TokenBatch()
    #expect(try tokenizer.append("hello world", to: &batch, maxLength: 4) == false)
    #expect(try tokenizer.append("", to: &batch, maxLength: 2) == false)
    #expect(try tokenizer.append("hello big world", to: &batch, maxLength: 4) == true)
    #expect(batch.ids == [101, 7592, 2088, 102, 101, 102, 101, 7592, 2502, 102])
    #expect(batch.typeIDs == [Int32](repeating: 0, count: 10))
    #expect(batch.sequenceStarts == [0, 4, 6, 10])
    #expect(batch.truncated == [false, false, true])
    #expect(try tokenizer.append("world", to: &batch, maxLength: .max) == false)
    #expect(batch.ids.suffix(3) == [101, 2088, 102])
    batch.removeAll()
    #expect(batch == TokenBatch())
  }

  @Test func aTextThatFailsLeavesTheBatchAsItWas() throws {
    var batch = TokenBatch()
    try tokenizer.append("hello", to: &batch, maxLength: 8)
    let before = batch
    let invalid: [[UInt8]] = [
      [0xFF], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x9F],
      [0xC3, 0x28],
    ]
    for bytes in invalid {
      #expect(throws: TokenizerError.invalidUTF8(offset: 3)) {
        let utf8 = ContiguousArray("hi ".utf8) + bytes
        try tokenizer.append(utf8: utf8.span, to: &batch, maxLength: 8)
      }
      #expect(batch == before)
    }
  }

  @Test func roomForTheSpecialTokensIsNeeded() throws {
    var batch = TokenBatch()
    #expect(throws: TokenizerError.maximumLengthTooSmall(maxLength: 1, minimum: 2)) {
      try tokenizer.append("a", to: &batch, maxLength: 1)
    }
    #expect(throws: TokenizerError.maximumLengthTooSmall(maxLength: 2, minimum: 3)) {
      try tokenizer.encode("a", pair: "b", options: EncodingOptions(maxLength: 2))
    }
    let bare = EncodingOptions(addsSpecialTokens: false, maxLength: 0)
    #expect(try tokenizer.encode("a", options: bare).isTruncated)
    #expect(throws: TokenizerError.maximumLengthTooSmall(maxLength: -1, minimum: 0)) {
      try tokenizer.encode("a", options: EncodingOptions(addsSpecialTokens: false, maxLength: -1))
    }
  }

  /// A batch gets the ids and types of `encode`, whatever is cut.
  @Test func pairsInABatch() throws {
    let texts = ["", "a", "hello hello", "a b c d e", "one two three four five six", "a b c d e f g h i j k l"]
    for (first, second) in texts.flatMap({ first in texts.map { (first, $0) } }) {
      for length in 3...24 {
        let encoding = try tokenizer.encode(first, pair: second, options: EncodingOptions(maxLength: length))
        var batch = TokenBatch()
        batch.append(ids: [1, 2])
        #expect(try tokenizer.append(first, pair: second, to: &batch, maxLength: length) == encoding.isTruncated)
        #expect(Array(batch.ids.dropFirst(2)) == encoding.ids && Array(batch.typeIDs.dropFirst(2)) == encoding.typeIDs)
        #expect(batch.truncated == [false, encoding.isTruncated])
      }
    }
    var batch = TokenBatch()
    #expect(throws: TokenizerError.maximumLengthTooSmall(maxLength: 2, minimum: 3)) {
      try tokenizer.append("a", pair: "b", to: &batch, maxLength: 2)
    }
    #expect(batch == TokenBatch())
  }

  @Test func readingStopsWhenTheSequenceIsFull() throws {
    // The bytes after the part that is read are not even UTF-8.
    var text = ContiguousArray<UInt8>(repeating: UInt8(ascii: "a"), count: 1 << 20) + Array(" b c d ".utf8)
    text += [UInt8](repeating: 0xFF, count: 100)
    var batch = TokenBatch()
    let isTruncated = try tokenizer.append(utf8: text.span, to: &batch, maxLength: 4)
    #expect(isTruncated)
    #expect(batch.ids == [101, 100, 1038, 102])
  }

  @Test func endlessRunsOfMarksAreOneUnknownWord() throws {
    let marks = String(repeating: "\u{302E}\u{301}", count: 20_000)
    let encoding = try tokenizer.encode("a" + marks + " b")
    #expect(encoding.tokens == ["[CLS]", "[UNK]", "b", "[SEP]"])
    #expect(encoding.offsets == [0..<0, 0..<20_001, 40_002..<40_003, 0..<0])
    var batch = TokenBatch()
    try tokenizer.append("a" + marks + " b", to: &batch, maxLength: 8)
    #expect(batch.ids == encoding.ids)
  }

  @Test func manyThreadsGetTheSame() async throws {
    let expected = try tokenizer.encode("Ångström's naïve café, 한국어 [SEP] unaffable!")
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask { [tokenizer] in
          (0..<50).allSatisfy { _ in
            (try? tokenizer.encode("Ångström's naïve café, 한국어 [SEP] unaffable!")) == expected
          }
        }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }

  @Test func unknownIDsAreNotDecoded() throws {
    #expect(try tokenizer.decode([101, 7592, 102]) == "hello")
    #expect(throws: TokenizerError.unknownID(30_522)) { try tokenizer.decode([30_522]) }
    #expect(throws: TokenizerError.unknownID(-1)) { try tokenizer.decode([-1]) }
  }
}
