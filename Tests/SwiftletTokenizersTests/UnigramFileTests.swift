// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers
import TestSupport
import Testing

/// What a Unigram tokenizer.json may say, and what is refused. No file traps.
struct UnigramFileTests {
  let folder: TemporaryFolder
  private static let pieces = [("a", -1.0), ("b", -2.0)]

  init() throws { folder = try TemporaryFolder() }

  private func tokenizer(_ parts: [String: String] = [:]) throws -> Tokenizer {
    try folder.write(unigramFile(pieces: Self.pieces, parts: parts), to: "tokenizer.json")
    return try Tokenizer(folder: folder.path)
  }

  @Test func aModelAlone() throws {
    let tokenizer = try tokenizer()
    #expect(try tokenizer.encode("ab c").ids == [3, 4, 0])
    #expect(try tokenizer.encode("ab c").tokens == ["a", "b", " c"])
    #expect(tokenizer.vocabularySize == 5 && tokenizer.specialTokens.padding == nil)
    #expect(try tokenizer.decode([3, 4]) == "a b")
  }

  /// A piece may hold any character; those that begin with "a" stay apart.
  @Test func piecesWithNUL() throws {
    let vocabulary = #"[["<unk>",0],["a",-1],["a\u0000",-1],["a\u0001",-1],["a\u0000b",-1]]"#
    let tokenizer = try tokenizer(["model": #"{"type":"Unigram","unk_id":0,"vocab":\#(vocabulary)}"#])
    #expect(try tokenizer.encode("aa\0aa\u{1}a\0b").ids == [1, 2, 1, 3, 4])
  }

  @Test("older files say add_prefix_space")
  func olderFiles() throws {
    let parts = [
      "pre_tokenizer": #"{"type":"Metaspace","replacement":"▁","add_prefix_space":true,"str_rep":"▁"}"#,
      "decoder": #"{"type":"Metaspace","replacement":"▁","add_prefix_space":true}"#,
      "model": #"{"unk_id":0,"vocab":[["<unk>",0],["<s>",0],["</s>",0],["▁a",-1],["b",-2]]}"#,
    ]
    let tokenizer = try tokenizer(parts)
    #expect(try tokenizer.encode("a ab").ids == [3, 3, 4])
    #expect(try tokenizer.decode([3, 3, 4]) == "a ab")
  }

  @Test(arguments: [
    ("model", #"{"type":"BPE","vocab":{},"merges":[]}"#),
    ("model", #"{"type":"Unigram"}"#),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":[]}"#),
    ("model", #"{"type":"Unigram","vocab":[["<unk>",0]]}"#),
    ("model", #"{"type":"Unigram","unk_id":null,"vocab":[["<unk>",0]]}"#),
    ("model", #"{"type":"Unigram","unk_id":1,"vocab":[["<unk>",0]]}"#),
    ("model", #"{"type":"Unigram","unk_id":-1,"vocab":[["<unk>",0]]}"#),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":[["<unk>",1e999]]}"#),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":[["<unk>","0"]]}"#),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":[["<unk>"]]}"#),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":["<unk>"]}"#),
    ("model", #"{"type":"Unigram","unk_id":0,"vocab":{"<unk>":0}}"#),
    ("model", #"{"type":"Unigram","unk_id":0,"byte_fallback":1,"vocab":[["<unk>",0]]}"#),
    ("normalizer", #"{"type":"Precompiled"}"#),
    ("normalizer", #"{"type":"Precompiled","precompiled_charsmap":""}"#),
    ("normalizer", #"{"type":"Precompiled","precompiled_charsmap":"AAAA"}"#),
    ("normalizer", #"{"type":"Precompiled","precompiled_charsmap":"AAAAAA=="}"#),
    ("normalizer", #"{"type":"Precompiled","precompiled_charsmap":"/////wAAAAA="}"#),
    ("normalizer", #"{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAAD/"}"#),
    ("normalizer", #"{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAA*="}"#),
    ("normalizer", #"{"type":"NFKC"}"#),
    (
      "normalizer",
      #"{"type":"Sequence","normalizers":[{"type":"Strip"},{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAAA="}]}"#
    ),
    ("normalizer", #"{"type":"Replace","pattern":{"Regex":"a+"},"content":""}"#),
    ("normalizer", #"{"type":"Replace","pattern":{"String":""},"content":"a"}"#),
    ("normalizer", #"{}"#),
    ("pre_tokenizer", #"{"type":"ByteLevel"}"#),
    ("pre_tokenizer", #"{"type":"Metaspace","replacement":"ab"}"#),
    ("pre_tokenizer", #"{"type":"Metaspace"}"#),
    ("pre_tokenizer", #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"sometimes"}"#),
    ("pre_tokenizer", #"{"type":"Metaspace","replacement":"▁","add_prefix_space":false}"#),
    (
      "pre_tokenizer",
      #"{"type":"Sequence","pretokenizers":[{"type":"Metaspace","replacement":"▁"},{"type":"WhitespaceSplit"}]}"#
    ),
    ("post_processor", #"{"type":"ByteLevel"}"#),
    ("post_processor", #"{"type":"RobertaProcessing","sep":["</s>"],"cls":["<s>",1]}"#),
    ("post_processor", #"{"type":"TemplateProcessing","single":[],"pair":[],"special_tokens":{}}"#),
    (
      "post_processor",
      #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}}],"pair":[],"special_tokens":{}}"#
    ),
    ("decoder", #"{"type":"CTC"}"#),
    ("decoder", #"{"type":"Strip","content":"ab","start":1,"stop":0}"#),
    ("decoder", #"{"type":"Replace","pattern":{"Regex":"a"},"content":""}"#),
    ("added_tokens", #"[{"content":"x","special":true}]"#),
    ("truncation", #"{"max_length":7,"direction":"Left"}"#),
    ("added_tokens", #"[{"id":-1,"content":"x","special":true}]"#),
  ])
  func whatIsNotUnderstoodIsRefused(part: String, value: String) throws {
    let error = try #require(throws: TokenizerError.self) { _ = try tokenizer([part: value]) }
    #expect(error.description.hasPrefix(folder.path("tokenizer.json")))
    #expect(!error.description.contains("\n"))
  }

  @Test func addedTokensGetTheReferencesIDs() throws {
    // As in the reference, "a" keeps its id of the vocabulary, and "x" gets the next one.
    let list = #"[{"id":4,"content":"a","special":true},{"id":3,"content":"x","special":true}]"#
    let tokenizer = try tokenizer(["added_tokens": list])
    #expect(try tokenizer.encode("axb").ids == [3, 5, 4])
    #expect(tokenizer.vocabularySize == 6 && tokenizer.modelTokenCount == 5)
    #expect(tokenizer.warnings.count == 1 && tokenizer.warnings[0].contains("and 1 more"))
  }

  @Test("the class and the model must go together")
  func classes() throws {
    let bert = #"{"model_type":"bert"}"#
    for (configuration, model) in [
      (#"{"tokenizer_class":"BertTokenizer"}"#, "{}"), (#"{"tokenizer_class":"MPNetTokenizerFast"}"#, "{}"),
      ("{}", bert),
      (#"{"tokenizer_class":"ConvBertTokenizer"}"#, "{}"), (#"{"tokenizer_class":"CamembertTokenizer"}"#, bert),
    ] {
      try folder.write(configuration, to: "tokenizer_config.json")
      try folder.write(model, to: "config.json")
      let error = try #require(throws: TokenizerError.self) { _ = try tokenizer() }
      #expect(error.description.contains("tokenizer class") && error.description.contains("PreTrainedTokenizerFast"))
    }
    try folder.write(#"{"tokenizer_class":"PreTrainedTokenizerFast"}"#, to: "tokenizer_config.json")
    #expect(try tokenizer().encode("ab").ids == [3, 4])
  }

  @Test("XLM-RoBERTa's class needs its special tokens and tokenizer.json")
  func xlmRoberta() throws {
    func configure(_ more: String = "", in other: TemporaryFolder? = nil) throws {
      let text = #"{"tokenizer_class":"XLMRobertaTokenizer"\#(more)}"#
      try (other ?? folder).write(text, to: "tokenizer_config.json")
    }
    try configure()
    // The unknown token is the one of id 3, here "a". What is unknown in a row, as "▁" and "a" here, is one token.
    #expect(try tokenizer().encode("ab").ids == [1, 3, 4, 2])
    #expect(try tokenizer().specialTokens.unknown == 3 && tokenizer().specialTokens.classifier == 1)
    #expect(throws: TokenizerError.self) { _ = try tokenizer(["model": #"{"type":"Unigram","vocab":[["<s>",0]]}"#]) }
    for more in [#","bos_token":null"#, #","eos_token":"x""#] {
      try configure(more)
      #expect(throws: TokenizerError.self) { _ = try tokenizer() }
    }
    let other = try TemporaryFolder()
    try configure(in: other)
    #expect(throws: TokenizerError.noTokenizer(folder: other.path)) { _ = try Tokenizer(folder: other.path) }
    try other.write("<s>\n</s>\n", to: "vocab.txt")
    let error = try #require(throws: TokenizerError.self) { _ = try Tokenizer(folder: other.path) }
    #expect(error.reason.contains("XLMRobertaTokenizer without tokenizer.json"))
    try other.write("", to: "sentencepiece.bpe.model")
    #expect(throws: TokenizerError.sentencePiece(path: other.path("sentencepiece.bpe.model"))) {
      _ = try Tokenizer(folder: other.path)
    }
  }

  @Test func byteLevelBPEIsRefusedByName() throws {
    let error = try #require(throws: TokenizerError.self) {
      _ = try tokenizer(["model": #"{"type":"BPE","vocab":{"a":0},"merges":[]}"#])
    }
    #expect(error.reason.contains("BPE"))
  }

  /// A map of characters with any numbers in it: texts are tokenized, the short way and the long one alike.
  @Test func tablesThatLeadNowhereDoNotTrap() throws {
    var random = SplitMix64(seed: 3)
    let text = "ab \u{301}e\u{301}é中文\u{1F916} \r\n\u{915}\u{94D}\u{915} ﷺ"
    for _ in 0..<60 {
      let unitCount = Int.random(in: 1...600, using: &random)
      var bytes: [UInt8] = []
      func append(_ word: UInt32) {
        for shift in [UInt32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
      }
      append(UInt32(unitCount * 4))
      for _ in 0..<unitCount {
        // Bytes of the text as labels, and offsets near: so that walks go on, in circles too.
        let label = UInt32(text.utf8.randomElement(using: &random)!)
        let offset = UInt32.random(in: 0..<1 << UInt32.random(in: 1...21, using: &random), using: &random)
        let unit = offset << 10 | UInt32.random(in: 0...3, using: &random) << 8 | label
        append(Bool.random(using: &random) ? unit : UInt32.random(in: 0 ... .max, using: &random))
      }
      bytes += Array("x\0é\0\0▁ \0中".utf8)
      let normalizer = #"{"type":"Precompiled","precompiled_charsmap":"\#(base64(bytes))"}"#
      let tokenizer = try tokenizer([
        "normalizer": normalizer, "pre_tokenizer": #"{"type":"Metaspace","replacement":"▁"}"#,
      ])
      let encoding = try tokenizer.encode(text)
      var batch = TokenBatch()
      try tokenizer.append(text, to: &batch, maxLength: .max)
      #expect(batch.ids == encoding.ids)
    }
  }

  @Test func hugeScoresAreOnlyNumbers() throws {
    let tokenizer = try tokenizer([
      "model":
        #"{"unk_id":0,"vocab":[["<unk>",-1e308],["<s>",1e308],["</s>",0],["a",1e308],["aa",1e308],["b",-1.7e308]]}"#
    ])
    #expect(try tokenizer.encode("aaaaaa").ids.isEmpty == false)
    #expect(try tokenizer.encode("abababbbbb").ids.isEmpty == false)
  }

  private func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let bits = (0..<3).reduce(UInt32(0)) { $0 << 8 | ($1 < part.count ? UInt32(part[start + $1]) : 0) }
      for index in 0..<4 {
        text.append(index <= part.count ? digits[Int(bits >> UInt32(18 - 6 * index) & 63)] : "=")
      }
    }
    return text
  }
}
