// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import Testing

/// A tokenizer of a user's own vocabulary.
struct TokenizerTests {
  private func tokenizer(_ normalization: Normalization = Normalization()) throws -> Tokenizer {
    let path = NSTemporaryDirectory() + "/vocab-\(UUID()).txt"
    try "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nA\n".write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try Tokenizer(path: path, normalization: normalization)
  }

  @Test func idsAndTokens() throws {
    let tokenizer = try tokenizer()
    let special = tokenizer.specialTokens
    #expect([special.padding, special.mask] == [0, 4])
    #expect([special.unknown, special.classifier, special.separator] == [1, 2, 3])
    #expect(tokenizer.id(of: "##b") == 6 && tokenizer.token(of: 6) == "##b" && tokenizer.vocabularySize == 8)
    #expect(tokenizer.addedTokens.filter(\.isSpecial).map(\.content).contains("[MASK]"))
    #expect(tokenizer.maxLength == nil && tokenizer.warnings.isEmpty)
  }

  @Test func encodingAndDecoding() throws {
    let tokenizer = try tokenizer()
    let encoding = try tokenizer.encode("Ab a", pair: "a", options: EncodingOptions(maxLength: 6))
    #expect(encoding.ids == [2, 5, 6, 3, 5, 3] && encoding.isTruncated && encoding.typeIDs == [0, 0, 0, 0, 1, 1])
    #expect(encoding.textIndices == [nil, 0, 0, nil, 1, nil])
    #expect(try tokenizer.decode(encoding.ids) == "ab a")
    #expect(try tokenizer.decode([2, 5], skipsSpecialTokens: false) == "[CLS] a")

    let normalization = Normalization(lowercases: false)
    #expect(try self.tokenizer(normalization).encode("A").ids == [2, 7, 3])
    #expect(normalization.cleansText && normalization.isolatesIdeographs && !normalization.stripsAccents)
  }

  @Test func batches() throws {
    let tokenizer = try tokenizer()
    var batch = TokenBatch()
    let isTruncated = try tokenizer.append("a a a", to: &batch, maxLength: 4)
    batch.append(ids: [2, 3])
    #expect(isTruncated && batch.truncated == [true, false] && batch.sequenceStarts == [0, 4, 6])
    #expect(batch.sequenceCount == 2 && batch.tokenRange(of: 1) == 4..<6)
  }

  @Test(arguments: [nil, 1, 3, 100]) func manyTextsAtOnce(threadCount: Int?) throws {
    let tokenizer = try tokenizer(), options = EncodingOptions(maxLength: 6)
    let texts = (0..<70).map { String(repeating: "a ", count: $0 % 5) }
    let pairs = (0..<70).map { $0 % 3 == 0 ? "A b" : "" }
    let batch = try tokenizer.encodeIDs(texts, pairs: pairs, options: options, threadCount: threadCount)
    let encodings = try zip(texts, pairs).map { try tokenizer.encode($0, pair: $1, options: options) }
    #expect(batch.sequenceCount == 70 && batch.ids == encodings.flatMap(\.ids))
    #expect(batch.typeIDs == encodings.flatMap(\.typeIDs) && batch.truncated == encodings.map(\.isTruncated))
    #expect(try tokenizer.encodeIDs([], threadCount: threadCount) == TokenBatch())
  }

  @Test func errorsHaveOneShape() throws {
    let error = try #require(throws: (any Error).self) { try Tokenizer(folder: "/absent") } as? any SwiftletError
    #expect(error?.path == "/absent" && error?.remedy == "give the folder of a BERT model, with its tokenizer")
    #expect(
      error.map { "\($0)" }
        == "/absent: no tokenizer.json and no vocab.txt; give the folder of a BERT model, with its tokenizer")
  }
}
