// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers
import TestSupport
import Testing

/// Special and added tokens: which file names them, and which ids they get.
struct SpecialTokenTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n<s>\na\n[x]\n", to: "vocab.txt")
  }

  private func tokenizer(_ files: [String: String]) throws -> Tokenizer {
    for (name, text) in files { try folder.write(text, to: name) }
    return try Tokenizer(folder: folder.path)
  }

  private func configured(_ configuration: String) throws -> Tokenizer {
    try tokenizer(["tokenizer_config.json": configuration])
  }

  @Test func names() throws {
    let object = #"{"__type":"AddedToken","content":"[x]","lstrip":true,"normalized":false}"#
    let tokenizer = try configured(#"{"sep_token":"<s>","mask_token":\#(object)}"#)
    #expect(try tokenizer.encode("a [x]a[MASK]").ids == [2, 6, 7, 6, 1, 1, 1, 5])
    #expect(tokenizer.specialTokens.separator == 5 && tokenizer.specialTokens.mask == 7)
    let without = try configured(#"{"mask_token":null}"#)
    #expect(without.specialTokens.mask == nil && without.addedTokens.count == 4)
    for key in ["cls_token", "sep_token", "unk_token"] {
      #expect(throws: TokenizerError.self) { _ = try configured("{\"\(key)\":null}") }
    }
  }

  /// A token that looks at what stands before it must not pass over bytes of no scalar.
  @Test func invalidBytesBeforeAToken() throws {
    let strips = #""lstrip":true"#
    for (option, before, offset) in [
      (strips, [0xE3, 0x80, 0x80, 0xA2], 3), (strips, [0x20, 0xFF], 1), (strips, [0xA2, 0x61, 0xA2], 0),
      (#""single_word":true"#, [0x61, 0x80], 1),
    ] as [(String, [UInt8], Int)] {
      let tokenizer = try configured(#"{"mask_token":{"__type":"AddedToken","content":"[x]",\#(option)}}"#)
      var batch = TokenBatch()
      #expect(throws: TokenizerError.invalidUTF8(offset: offset)) {
        let bytes = ContiguousArray(before + "[x]".utf8)
        try tokenizer.append(utf8: bytes.span, to: &batch, maxLength: 16)
      }
    }
  }

  /// The reference fails here; what it makes of other such texts is in the goldens.
  @Test func aTokenOfWhiteSpaceThatAnotherHasTaken() throws {
    let taking = #"{"__type":"AddedToken","content":"[x]","rstrip":true}"#
    let space = #"{"__type":"AddedToken","content":" ","lstrip":true,"special":true}"#
    let tokenizer = try configured(#"{"mask_token":\#(taking),"extra_special_tokens":[\#(space)]}"#)
    #expect(try tokenizer.encode("[x]   a").ids == [2, 7, 6, 3])
    #expect(try tokenizer.encode("[x]   ").ids == [2, 7, 3])
    #expect(try tokenizer.encode("a  [x]   a").ids == [2, 6, 8, 8, 7, 6, 3])
  }

  @Test func furtherSpecialTokens() throws {
    for configuration in [
      #"{"bos_token":"<s>"}"#, #"{"some_token":"<s>"}"#, #"{"extra_special_tokens":["<s>"]}"#,
      #"{"extra_special_tokens":{"image":"<s>"}}"#, #"{"additional_special_tokens":["<s>"]}"#,
      #"{"extra_special_tokens":[],"additional_special_tokens":["<s>"]}"#,
    ] {
      #expect(try configured(configuration).encode("a<s>").ids == [2, 6, 5, 3], Comment(rawValue: configuration))
    }
    let both = try configured(#"{"extra_special_tokens":["[x]"],"additional_special_tokens":["<s>"]}"#)
    #expect(both.addedTokens.map(\.content).contains("[x]") && !both.addedTokens.map(\.content).contains("<s>"))
    // In this order behind the vocabulary: standard keys, other keys, the list.
    let new = try configured(#"{"extra_special_tokens":["E"],"q_token":"Q","eos_token":"EOS","bos_token":"BOS"}"#)
    #expect(["BOS", "EOS", "Q", "E"].map { new.id(of: $0) } == [8, 9, 10, 11])
  }

  /// The time grows with their number, not with its square.
  @Test(.timeLimit(.minutes(1))) func manySpecialTokens() throws {
    let count = 50_000, tokens = (0..<count).map { "\"[\($0)]\"" },
      names = tokens.map { "\($0.dropLast())_token\":null" }
    let list = tokens.joined(separator: ","), ids = (0..<count).map { "\"[\($0)]\":\(8 + $0)" }.joined(separator: ",")
    try folder.write("{\(ids)}", to: "added_tokens.json")
    let tokenizer = try configured("{\(names.joined(separator: ",")),\"extra_special_tokens\":[\(list)]}")
    #expect(tokenizer.id(of: "[49999]") == 50_007 && tokenizer.addedTokens.allSatisfy(\.isSpecial))
  }

  /// The ids are transformers'.
  @Test func twoNamesOfOneToken() throws {
    let word = #"{"__type":"AddedToken","content":"[x]","single_word":true,"normalized":false}"#
    for (configuration, ids) in [
      (#"{"mask_token":\#(word)}"#, [2, 6, 1, 1, 1, 3]),
      (#"{"mask_token":\#(word),"some_token":"[x]"}"#, [2, 6, 7, 3]),
      (#"{"mask_token":"[x]","some_token":\#(word)}"#, [2, 6, 1, 1, 1, 3]),
      (#"{"mask_token":\#(word),"some_token":"[x]","extra_special_tokens":[\#(word)]}"#, [2, 6, 7, 3]),
    ] as [(String, [Int32])] {
      #expect(try configured(configuration).encode("a[x]").ids == ids, Comment(rawValue: configuration))
    }
  }

  @Test func addedTokensDecoder() throws {
    try folder.write(#"{"sep_token":"<s>"}"#, to: "special_tokens_map.json")
    try folder.write(#"{"new":9}"#, to: "added_tokens.json")
    let decoder = #"{"9":{"content":"B","special":false},"3":{"content":"A","special":true,"rstrip":true}}"#
    let tokenizer = try configured(#"{"added_tokens_decoder":\#(decoder)}"#)
    #expect(tokenizer.id(of: "A") == 8 && tokenizer.id(of: "B") == 9 && tokenizer.id(of: "new") == nil)
    #expect(tokenizer.specialTokens.separator == 3)
    // A is found in the raw text, B in the lowercased one.
    #expect(try tokenizer.encode("aA bB").ids == [2, 6, 8, 9, 9, 3])
  }

  @Test func theSpecialTokensMap() throws {
    let map = #"{"sep_token":{"content":"<s>","lstrip":false},"additional_special_tokens":["[x]"],"mask_token":null}"#
    let tokenizer = try tokenizer(["tokenizer_config.json": #"{"sep_token":"[SEP]"}"#, "special_tokens_map.json": map])
    #expect(tokenizer.specialTokens.separator == 5 && tokenizer.specialTokens.mask == nil)
    #expect(try tokenizer.encode("a[x]").ids == [2, 6, 7, 5])
  }

  @Test func theListOfAddedTokens() throws {
    let tokenizer = try tokenizer(["added_tokens.json": #"{"Two":20,"one":9}"#])
    #expect(tokenizer.id(of: "one") == 8 && tokenizer.id(of: "Two") == 9)
    #expect(try tokenizer.encode("two TWO").ids == [2, 9, 9, 3])
    #expect(!tokenizer.addedTokens.contains { $0.content == "Two" && $0.isSpecial })
    for list in [#"{"x":-1}"#, #"{"x":"1"}"#, "[]"] {
      #expect(throws: TokenizerError.self) { _ = try self.tokenizer(["added_tokens.json": list]) }
    }
  }

  @Test func specialTokensAsText() throws {
    let tokenizer = try configured(#"{"split_special_tokens":true,"mask_token":"[x]"}"#)
    #expect(try tokenizer.encode("a[x]").ids == [2, 6, 1, 1, 1, 3])
    var batch = TokenBatch()
    try tokenizer.append("a[x]", to: &batch, maxLength: 16)
    #expect(batch.ids == [2, 6, 1, 1, 1, 3])
  }

  private static func file(added: String = "[]", padding: String = "null") -> String {
    #"""
    {"added_tokens":\#(added),"padding":\#(padding),"normalizer":{"type":"BertNormalizer"},
     "pre_tokenizer":{"type":"BertPreTokenizer"},
     "post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":1}}],
       "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{}},
     "model":{"type":"WordPiece","vocab":{"[UNK]":0,"a":1,"b":2,"[CLS]":3,"[SEP]":4}}}
    """#
  }

  private static let general = #"{"tokenizer_class":"PreTrainedTokenizerFast"}"#

  @Test func addedTokensOfTheFile() throws {
    let list = #"[{"id":40,"content":"X","special":true},{"id":7,"content":"b","special":false,"normalized":false}]"#
    let tokenizer = try tokenizer(["tokenizer.json": Self.file(added: list), "tokenizer_config.json": Self.general])
    #expect(try tokenizer.encode("abXa").ids == [1, 2, 5, 1])
    #expect(tokenizer.warnings.count == 1 && tokenizer.warnings[0].contains("and 1 more"))
    let decoder = #"{"7":{"content":"X","lstrip":true}}"#
    let changed = try configured(#"{"tokenizer_class":"PreTrainedTokenizerFast","added_tokens_decoder":\#(decoder)}"#)
    #expect(try changed.encode("a x").ids == [1, 5], "the flags of the configuration count")
  }

  @Test func thePaddingTokenOfTheFile() throws {
    let padding = #"{"strategy":"BatchLongest","direction":"Left","pad_token":"P"}"#
    let file = Self.file(padding: padding)
    let tokenizer = try tokenizer(["tokenizer.json": file, "tokenizer_config.json": Self.general])
    #expect(try tokenizer.encode("aP").ids == [1, 5])
  }

  @Test func typeIDsReachTheModel() throws {
    func types(_ configuration: String) throws -> [Int32] {
      let tokenizer = try tokenizer(["tokenizer.json": Self.file(), "tokenizer_config.json": configuration])
      #expect(try tokenizer.encode("a b").typeIDs == [1, 1])
      var batch = TokenBatch()
      try tokenizer.append("a b", to: &batch, maxLength: 9)
      #expect(batch.typeIDs.max() == tokenizer.largestTypeID(isPair: false))
      return batch.typeIDs
    }
    #expect(try types(Self.general) == [0, 0])
    let passed = #"{"tokenizer_class":"PreTrainedTokenizerFast","model_input_names":["input_ids","token_type_ids"]}"#
    #expect(try types(passed) == [1, 1])
  }

  @Test("a gap in the vocabulary where an added token would go")
  func idsThatCollide() throws {
    let file = Self.file(added: #"[{"id":9,"content":"X","special":true}]"#)
      .replacing("\"[SEP]\":4", with: "\"[SEP]\":5")
    let files = ["tokenizer.json": file, "tokenizer_config.json": Self.general]
    #expect(throws: TokenizerError.self) { _ = try tokenizer(files) }
  }
}
