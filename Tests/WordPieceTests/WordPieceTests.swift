// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import WordPiece

struct TokenizerTests {
  let tokenizer: Tokenizer

  init() throws { tokenizer = try Tokenizer(vocabulary: repositoryPath("vocab/bert-base-uncased.txt")) }

  @Test func encodesASentence() throws {
    let encoding = try tokenizer.encode("Héllo, [SEP] unaffable 中国!")
    #expect(
      encoding.tokens == ["[CLS]", "hello", ",", "[SEP]", "una", "##ffa", "##ble", "中", "国", "!", "[SEP]"])
    #expect(encoding.ids == [101, 7592, 1010, 102, 14477, 20961, 3468, 1746, 1799, 999, 102])
  }
}
