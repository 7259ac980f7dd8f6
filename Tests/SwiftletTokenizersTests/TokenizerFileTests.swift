// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers
import TestSupport
import Testing

/// Settings of tokenizer.json that the goldens do not cover, and settings that are refused.
struct TokenizerFileTests {
  let folder: TemporaryFolder
  private static let parts = [
    "added_tokens": "[]",
    "normalizer": #"{"type":"BertNormalizer"}"#,
    "pre_tokenizer": #"{"type":"BertPreTokenizer"}"#,
    "post_processor": #"{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]",1]}"#,
    "decoder": #"{"type":"WordPiece","cleanup":true}"#,
    "model": #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"b":9}}"#,
  ]

  init() throws { folder = try TemporaryFolder() }

  /// The tokenizer of a file with some parts replaced.
  private func tokenizer(_ changes: [String: String] = [:]) throws -> Tokenizer {
    let parts = Self.parts.merging(changes) { $1 }.sorted { $0.key < $1.key }
    try folder.write("{\(parts.map { "\"\($0)\":\($1)" }.joined(separator: ","))}", to: "tokenizer.json")
    return try Tokenizer(folder: folder.path)
  }

  @Test func defaultsAreBERTs() throws {
    let tokenizer = try tokenizer()
    #expect(tokenizer.normalization == Normalization())
    #expect(tokenizer.vocabularySize == 10)
    #expect(try tokenizer.encode("A b c").ids == [1, 3, 9, 0, 2])
    #expect(tokenizer.token(of: 4) == nil)
    #expect(tokenizer.addedTokens.isEmpty && tokenizer.specialTokens.padding == nil)
  }

  @Test("tokenizer_config.json disagrees with tokenizer.json")
  func itWinsOverTheConfiguration() throws {
    try folder.write(
      #"{"do_lower_case": false, "tokenizer_class": "Other", "cls_token": "<s>", "sep_token": "[SEP]"}"#,
      to: "tokenizer_config.json")
    let tokenizer = try tokenizer()
    #expect(tokenizer.normalization.lowercases)
    #expect(tokenizer.warnings.contains { $0.contains("do_lower_case") })
    #expect(tokenizer.specialTokens.classifier == 1)
    #expect(tokenizer.warnings.filter { $0.contains("cls_token") }.count == 1)
    #expect(!tokenizer.warnings.contains { $0.contains("sep_token") || $0.contains("mask_token") })
  }

  @Test func withoutADecoderTokensAreJoinedBySpaces() throws {
    #expect(try tokenizer(["decoder": "null"]).decode([3, 9]) == "a b")
  }

  @Test func theMaximumLengthIsTold() throws {
    #expect(try tokenizer(["truncation": #"{"max_length":7}"#]).maxLength == 7)
  }

  /// A tokenizer.json whose model is not WordPiece, or is incomplete, is an error.
  @Test(arguments: [
    ("model", #"{"type":"BPE","vocab":{},"merges":[]}"#),
    ("model", #"{"type":"Unigram","vocab":[]}"#),
    ("model", #"{"vocab":{"a":0}}"#),
    ("model", #"{"type":"WordPiece"}"#),
    ("model", #"{"type":"WordPiece","vocab":{}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":1}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2.0}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":-1}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":99999999999}}"#),
    ("model", #"{"type":"WordPiece","max_input_chars_per_word":-1,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":70000}}"#),
    ("model", #"{"type":"WordPiece","max_input_chars_per_word":0,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2}}"#),
    ("model", #"{"type":"WordPiece","max_input_chars_per_word":1025,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2}}"#),
    ("normalizer", "null"),
    ("normalizer", #"{"type":"Sequence","normalizers":[]}"#),
    ("normalizer", #"{"type":"BertNormalizer","lowercase":"yes"}"#),
    ("pre_tokenizer", #"{"type":"Whitespace"}"#),
    ("post_processor", #"{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0]}"#),
    ("post_processor", #"{"type":"BertProcessing","sep":[],"cls":[]}"#),
    ("post_processor", #"{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[X]",1]}"#),
    ("post_processor", #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}}],"pair":[]}"#),
    ("decoder", #"{"type":"ByteLevel"}"#),
    ("added_tokens", "{}"),
    ("added_tokens", "[1]"),
    ("added_tokens", #"[{"id":20}]"#),
    ("added_tokens", #"[{"content":"x","special":true}]"#),
    ("added_tokens", #"[{"id":4294967296,"content":"x","special":true}]"#),
    ("added_tokens", #"[{"id":-1,"content":"x","special":true}]"#),
    ("added_tokens", #"[{"id":9,"content":"a","special":true}]"#),
    ("added_tokens", #"[{"id":20,"content":""}]"#),
    ("added_tokens", #"[{"id":20,"content":"x","normalized":"yes"}]"#),
  ])
  func whatBERTDoesNotDoIsRefused(part: String, value: String) throws {
    let error = try #require(throws: TokenizerError.self) { _ = try tokenizer([part: value]) }
    #expect(error.description.hasPrefix(folder.path("tokenizer.json")))
    #expect(!error.description.contains("\n"))
  }

  @Test func brokenJSONIsAnErrorWithItsPlace() throws {
    try folder.write("{\"model\":", to: "tokenizer.json")
    #expect(throws: JSONError.self) { try Tokenizer(folder: folder.path) }
    try folder.write("[]", to: "tokenizer.json")
    #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
  }
}
