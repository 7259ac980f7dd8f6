// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers
import TestSupport
import Testing

/// Texts that end with their memory. The readers take sixteen bytes at a time, but none after the text.
struct TextEndTests {
  @Test func allLengthsAndPrefixesGiveTheIDsOfEncode() throws {
    let tokenizer = try Tokenizer(path: repositoryPath("vocab/bert-base-uncased.txt"))
    let text = "Tokenization of unaffable words, e.g. 3D embeddings: naïve café [SEP] end"
    let bytes = ContiguousArray(text.utf8)
    for start in 0..<bytes.count where bytes[start] < 0x80 {
      for end in start...min(start + 40, bytes.count) {
        guard let part = String(validating: bytes[start..<end], as: UTF8.self) else { continue }
        var batch = TokenBatch()
        // The span ends with the text, although the memory continues.
        try tokenizer.append(utf8: bytes.span.extracting(start..<end), to: &batch, maxLength: .max)
        #expect(try batch.ids == tokenizer.encode(part).ids, "\(part)")
      }
    }
  }

  @Test func anErrorLeavesTheBatchAsItWas() throws {
    let tokenizer = try Tokenizer(path: repositoryPath("vocab/bert-base-uncased.txt"))
    var batch = TokenBatch()
    try tokenizer.append("some words", to: &batch, maxLength: 100)
    let before = batch
    let bytes = ContiguousArray(String(repeating: "word ", count: 500).utf8) + [0xFF]
    #expect(throws: TokenizerError.invalidUTF8(offset: 2500)) {
      try tokenizer.append(utf8: bytes.span, to: &batch, maxLength: .max)
    }
    #expect(batch == before)
  }
}
