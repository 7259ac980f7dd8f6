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

  /// The tokenizer of a file with some parts replaced, by the class that uses all of the file.
  private func tokenizer(_ changes: [String: String] = [:]) throws -> Tokenizer {
    let parts = Self.parts.merging(changes) { $1 }.sorted { $0.key < $1.key }
    try folder.write("{\(parts.map { "\"\($0)\":\($1)" }.joined(separator: ","))}", to: "tokenizer.json")
    let configuration = "tokenizer_config.json"
    if try !folder.names().contains(configuration) {
      try folder.write(#"{"tokenizer_class":"PreTrainedTokenizerFast"}"#, to: configuration)
    }
    return try Tokenizer(folder: folder.path)
  }

  @Test func defaultsAreBERTs() throws {
    let tokenizer = try tokenizer()
    #expect(tokenizer.normalization == Normalization())
    #expect(tokenizer.vocabularySize == 10)
    #expect(try tokenizer.encode("A b c").ids == [1, 3, 9, 0, 2])
    #expect(tokenizer.token(of: 4) == nil)
    #expect(tokenizer.addedTokens.isEmpty && tokenizer.specialTokens.padding == nil)
    #expect(tokenizer.specialTokens.classifier == 1 && tokenizer.specialTokens.separator == 2)
  }

  /// A tokenizer made of vocab.txt, written as tokenizer.json, gives the same ids, but no special tokens.
  @Test func writtenFiles() throws {
    let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n\nb\né\nE\n\"\\\n中\nu\n"
    let texts = ["a ab [MASK]b É e x", "中b \"\\ A\u{1}b", "new  [x]ab", "", "aaab abba"]
    for configuration in [
      "{}", #"{"do_lower_case":false,"strip_accents":true}"#, #"{"strip_accents":false}"#,
      #"{"tokenize_chinese_chars":false,"unk_token":"u"}"#,
      #"{"added_tokens_decoder":{"20":{"content":"New","normalized":true},"21":{"content":"[x]","lstrip":true}}}"#,
    ] {
      for lowercases in [false, true] {
        let original = try TemporaryFolder(), written = try TemporaryFolder()
        // Where tokens are added none may occur twice.
        try original.write(configuration.contains("added") ? vocabulary : vocabulary + "a\n", to: "vocab.txt")
        try original.write(configuration, to: "tokenizer_config.json")
        let tokenizer = try Tokenizer(folder: original.path)
        let source = lowercases ? tokenizer.lowercasing() : tokenizer
        var bytes: [UInt8] = []
        JSONWriter.append(.object(try #require(source.file)), to: &bytes)
        try written.write(bytes, to: "tokenizer.json")
        let copy = try Tokenizer(tokenizerFile: written.path("tokenizer.json"))
        let bare = EncodingOptions(addsSpecialTokens: false)
        for text in texts {
          #expect(try copy.encode(text) == source.encode(text, options: bare), "\(text) with \(configuration)")
          #expect(try copy.decode(copy.encode(text).ids) == source.decode(source.encode(text, options: bare).ids))
        }
        #expect(copy.addedTokens == source.addedTokens && copy.vocabularySize == source.vocabularySize)
      }
    }
  }

  @Test("tokenizer.json whose model has no type")
  func filesWithoutAModelType() throws {
    let model = #"{"unk_token":"[UNK]","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3}}"#
    #expect(try tokenizer(["model": model]).encode("a").ids == [1, 3, 2])
  }

  @Test func partsOfTheModel() throws {
    let model = #"""
      {"type":"WordPiece","unk_token":"u","continuing_subword_prefix":"@","max_input_chars_per_word":3,
       "vocab":{"u":0,"[CLS]":1,"[SEP]":2,"a":3,"@a":4,"##a":5}}
      """#
    let tokenizer = try tokenizer(["model": model])
    #expect(try tokenizer.encode("a aa aaa aaaa b").ids == [1, 3, 3, 4, 3, 4, 4, 0, 0, 2])
  }

  /// The time for a long word is linear in practice: it ends unknown at its last letter.
  @Test("words of up to 16,384 letters", .timeLimit(.minutes(1)))
  func longWords() throws {
    func model(_ longest: Int, _ more: String = "") -> String {
      #"{"type":"WordPiece","max_input_chars_per_word":\#(longest),"#
        + #""vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"\#("##")a":4\#(more)}}"#
    }
    let tokenizer = try tokenizer(["model": model(1 << 14)])
    let word = String(repeating: "a", count: 1 << 14)
    #expect(try tokenizer.encode(word).ids.count == 1 << 14 + 2)
    #expect(try tokenizer.encode(word.dropLast() + "b").ids == [1, 0, 2])
    #expect(try tokenizer.encode(word + "a").ids == [1, 0, 2])
    let error = try #require(throws: TokenizerError.self) { _ = try self.tokenizer(["model": model(1 << 14 + 1)]) }
    #expect(error.description.contains("max_input_chars_per_word 16385, more than 16384"))
    let many = (32..<97).map { #","\#(String(repeating: "b", count: $0))":\#($0)"# }.joined()
    #expect(throws: TokenizerError.self) { _ = try self.tokenizer(["model": model(2000, many)]) }
    #expect(throws: Never.self) { _ = try self.tokenizer(["model": model(1024, many)]) }
  }

  @Test("long tokens are found, of several lengths")
  func longTokens() throws {
    let long = String(repeating: "b", count: 40), longer = String(repeating: "b", count: 50)
    let tokens = #""[UNK]":0,"[CLS]":1,"[SEP]":2,"b":3,"\#("##")b":4,"\#(long)":5,"\#(longer)":6"#
    let model = #"{"type":"WordPiece","vocab":{\#(tokens)}}"#
    let tokenizer = try tokenizer(["model": model])
    #expect(try tokenizer.encode(long).ids == [1, 5, 2])
    #expect(try tokenizer.encode(longer + "b").ids == [1, 6, 4, 2])
    #expect(try tokenizer.encode(String(long.dropLast())).ids == [1, 3] + Array(repeating: 4, count: 38) + [2])
  }

  @Test(arguments: [
    ("null", Normalization(lowercases: false, isolatesIdeographs: false, cleansText: false)),
    (#"{"type":"Lowercase"}"#, Normalization(stripsAccents: false, isolatesIdeographs: false, cleansText: false)),
    (
      #"{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"BertNormalizer","lowercase":false}]}"#,
      Normalization(stripsAccents: false)
    ),
    (
      #"{"type":"Sequence","normalizers":[{"type":"BertNormalizer","lowercase":false,"strip_accents":true}]}"#,
      Normalization(lowercases: false, stripsAccents: true)
    ),
    (
      #"{"type":"Sequence","normalizers":[{"type":"Sequence","normalizers":[{"type":"BertNormalizer"}]}]}"#,
      Normalization()
    ),
  ])
  func normalizers(_ json: String, normalization: Normalization) throws {
    #expect(try tokenizer(["normalizer": json]).normalization == normalization)
  }

  @Test func preTokenizers() throws {
    let bert = #"{"type":"BertPreTokenizer"}"#
    for list in [bert, "\(bert),\(bert)"] {
      let json = #"{"type":"Sequence","pretokenizers":[\#(list)]}"#
      #expect(try tokenizer(["pre_tokenizer": json]).encode("a b").ids == [1, 3, 9, 2])
    }
  }

  @Test("templates of special tokens and texts")
  func postProcessors() throws {
    func template(_ single: String, _ pair: String, _ tokens: String = "") -> String {
      func piece(_ word: Substring) -> String {
        let parts = word.split(separator: ":"), isText = parts[0] == "A" || parts[0] == "B"
        return #"{"\#(isText ? "Sequence" : "SpecialToken")":{"id":"\#(parts[0])","type_id":\#(parts[1])}}"#
      }
      func list(_ text: String) -> String { text.split(separator: " ").map(piece).joined(separator: ",") }
      return #"""
        {"type":"TemplateProcessing","single":[\#(list(single))],"pair":[\#(list(pair))],
         "special_tokens":{"C":{"id":"C","ids":[1],"tokens":["[CLS]"]},"S":{"id":"S","ids":[2,9],"tokens":["[SEP]","b"]}}}
        """#
    }
    let odd = template("C:1 A:2", "B:0 S:1 A:1")
    for json in [odd, #"{"type":"Sequence","processors":[\#(odd)]}"#] {
      let tokenizer = try tokenizer(["post_processor": json])
      let single = try tokenizer.encode("a"), pair = try tokenizer.encode("a", pair: "b b")
      #expect(single.ids == [1, 3] && single.typeIDs == [1, 2])
      #expect(pair.ids == [9, 9, 2, 9, 3] && pair.typeIDs == [0, 0, 1, 1, 1])
      #expect(try tokenizer.encode("a", pair: "b", options: EncodingOptions(addsSpecialTokens: false)).ids == [9, 3])
      #expect(try tokenizer.encode("a a a", options: EncodingOptions(maxLength: 3)).ids == [1, 3, 3])
      #expect(tokenizer.specialTokens.classifier == 1 && tokenizer.specialTokens.separator == nil)
    }
    let bare = try tokenizer(["post_processor": "null"])
    #expect(try bare.encode("a").ids == [3] && bare.encode("").ids.isEmpty)
    #expect(try bare.encode("a", pair: "b").typeIDs == [0, 1])
    let roberta = #"{"type":"RobertaProcessing","sep":["[SEP]",2],"cls":["[CLS]",1],"trim_offsets":true}"#
    let pair = try tokenizer(["post_processor": roberta]).encode("a", pair: "b")
    #expect(pair.ids == [1, 3, 2, 2, 9, 2] && pair.typeIDs == [0, 0, 0, 0, 0, 0])
    for (single, twice) in [
      ("C:0", "A:0 B:0"), ("A:0 A:0", "A:0 B:0"), ("A:0 B:0", "A:0 B:0"), ("A:0", "A:0"), ("X:0 A:0", "A:0 B:0"),
    ] {
      #expect(throws: TokenizerError.self) { _ = try tokenizer(["post_processor": template(single, twice)]) }
    }
  }

  @Test("the file's truncation is not the model's maximum length")
  func truncationIsNotTheMaximumLength() throws {
    #expect(try tokenizer(["truncation": #"{"max_length":7,"direction":"Right"}"#]).maxLength == nil)
    #expect(throws: TokenizerError.self) { try tokenizer(["truncation": #"{"max_length":7,"direction":"Left"}"#]) }
  }

  @Test func withoutADecoderTokensAreJoinedBySpaces() throws {
    #expect(try tokenizer(["decoder": "null"]).decode([3, 9]) == "a b")
  }

  /// A tokenizer.json whose model is not WordPiece, or is incomplete, is an error.
  @Test(arguments: [
    ("model", #"{"type":"BPE","vocab":{},"merges":[]}"#),
    ("model", #"{"type":"Unigram","vocab":[]}"#),
    ("model", #"{"vocab":{"a":0}}"#),
    ("model", #"{"type":"WordPiece"}"#),
    ("model", #"{"type":"WordPiece","vocab":{}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":1}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2.0}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":-1}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":99999999999}}"#),
    ("model", #"{"type":"WordPiece","max_input_chars_per_word":-1,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":70000}}"#),
    ("model", #"{"type":"WordPiece","max_input_chars_per_word":0,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2}}"#),
    ("model", #"{"type":"WordPiece","max_input_chars_per_word":16385,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2}}"#),
    ("model", #"{"type":"WordPiece","vocab":{"[CLS]":1,"[SEP]":2}}"#),
    ("normalizer", #"{"type":"NFD"}"#),
    ("normalizer", #"{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"StripAccents"}]}"#),
    ("normalizer", #"{"type":"Sequence","normalizers":[{"type":"BertNormalizer"},{"type":"BertNormalizer"}]}"#),
    ("normalizer", #"{"type":"BertNormalizer","lowercase":"yes"}"#),
    ("pre_tokenizer", "null"),
    ("pre_tokenizer", #"{"type":"Sequence","pretokenizers":[]}"#),
    ("pre_tokenizer", #"{"type":"Sequence","pretokenizers":[{"type":"BertPreTokenizer"},{"type":"Digits"}]}"#),
    ("post_processor", #"{"type":"ByteLevel"}"#),
    ("post_processor", #"{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]","1"]}"#),
    ("pre_tokenizer", #"{"type":"Whitespace"}"#),
    ("post_processor", #"{"type":"BertProcessing","sep":[],"cls":[]}"#),
    ("post_processor", #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}}],"pair":[]}"#),
    ("decoder", #"{"type":"ByteLevel"}"#),
    ("added_tokens", "{}"),
    ("added_tokens", "[1]"),
    ("added_tokens", #"[{"id":20}]"#),
    ("added_tokens", #"[{"content":"x","special":true}]"#),
    ("added_tokens", #"[{"id":4294967296,"content":"x","special":true}]"#),
    ("added_tokens", #"[{"id":-1,"content":"x","special":true}]"#),
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
