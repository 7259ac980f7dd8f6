// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers
import TestSupport
import Testing

/// vocab.txt: line endings, byte order mark, blank, equal and missing lines.
struct VocabularyTests {
  let folder: TemporaryFolder
  private let special = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"

  init() throws { folder = try TemporaryFolder() }

  private func tokenizer(_ vocabulary: String, configuration: String? = nil) throws -> Tokenizer {
    try tokenizer(Array(vocabulary.utf8), configuration: configuration)
  }

  private func tokenizer(_ vocabulary: [UInt8], configuration: String? = nil) throws -> Tokenizer {
    try folder.write(vocabulary, to: "vocab.txt")
    if let configuration { try folder.write(configuration, to: "tokenizer_config.json") }
    return try Tokenizer(folder: folder.path)
  }

  private func error(_ body: () throws -> Tokenizer) throws -> TokenizerError {
    let error = try #require(throws: TokenizerError.self) { _ = try body() }
    #expect(!error.description.contains("\n"))
    return error
  }

  @Test("lines that end with CRLF")
  func lineEndingsDoNotMatter() throws {
    for text in [special + "a\nb\n", special + "a\nb", (special + "a\nb\n").crlf, (special + "a\nb").crlf] {
      let tokenizer = try tokenizer(text)
      #expect(tokenizer.vocabularySize == 7)
      #expect(try tokenizer.encode("a b").ids == [2, 5, 6, 3])
      #expect(tokenizer.warnings.isEmpty)
    }
  }

  @Test("a byte order mark")
  func aByteOrderMarkIsDroppedWithAWarning() throws {
    let tokenizer = try tokenizer("\u{FEFF}" + special + "a\n")
    #expect(tokenizer.specialTokens.padding == 0)
    #expect(tokenizer.warnings.count == 1)
  }

  @Test("two equal lines")
  func theLastOfEqualLinesCounts() throws {
    let tokenizer = try tokenizer(special + "a\nb\na\n")
    #expect(try tokenizer.encode("a").ids == [2, 7, 3])
    #expect(tokenizer.warnings.count == 1 && tokenizer.warnings[0].contains("\"a\""))
  }

  @Test("blank lines")
  func blankLinesKeepTheirIDs() throws {
    let tokenizer = try tokenizer(special + "\n\na\n\n")
    #expect(try tokenizer.encode("a").ids == [2, 7, 3])
    #expect(tokenizer.vocabularySize == 9)
  }

  @Test func whiteSpaceAtTheEndOfALineIsDropped() throws {
    let tokenizer = try tokenizer(special + "a \t\né\u{3000}\n", configuration: #"{"do_lower_case":false}"#)
    #expect(try tokenizer.encode("a é").ids == [2, 5, 6, 3])
  }

  @Test func tokensAreEqualByTheirBytes() throws {
    // These are canonically equivalent, but two tokens.
    let tokenizer = try tokenizer(special + "\u{E9}\ne\u{301}\n", configuration: #"{"do_lower_case":false}"#)
    #expect(try tokenizer.encode("\u{E9} e\u{301}").ids == [2, 5, 6, 3])
    #expect(tokenizer.warnings.isEmpty)
  }

  @Test("[UNK], [CLS], [SEP], [PAD] or [MASK] is missing")
  func whatEveryEncodingNeedsHasToBeThere() throws {
    let path = folder.path("vocab.txt")
    for token in ["[UNK]", "[CLS]", "[SEP]"] {
      let vocabulary = special.split(separator: "\n").filter { $0 != token }.joined(separator: "\n")
      #expect(try error { try tokenizer(vocabulary) } == .missingToken(path: path, token: token))
    }
    let bare = try tokenizer("[UNK]\n[CLS]\n[SEP]\n")
    // The reference adds these behind the vocabulary.
    #expect(bare.specialTokens.padding == 3 && bare.specialTokens.mask == 4)
    #expect(bare.warnings.count == 1 && bare.warnings[0].contains("\"[PAD]\""))
    #expect(try bare.encode("[MASK]").ids == [1, 4, 2] && bare.modelTokenCount == 3)
  }

  @Test("a vocabulary that is not UTF-8, or empty")
  func brokenFiles() throws {
    let path = folder.path("vocab.txt")
    #expect(throws: TokenizerError.noTokenizer(folder: folder.path)) { try Tokenizer(folder: folder.path) }
    #expect(try error { try tokenizer("") } == .emptyVocabulary(path: path))
    #expect(try error { try tokenizer("\u{FEFF}") } == .emptyVocabulary(path: path))
    let invalid = Array(special.utf8) + [0x61, 0x0A, 0xED, 0xA0, 0x80, 0x0A]
    #expect(try error { try tokenizer(invalid) } == .invalidVocabularyLine(path: path, line: 7))
    #expect(throws: FileError.self) { try Tokenizer(path: folder.path) }
    #expect(throws: FileError.self) { try Tokenizer(path: folder.path("absent")) }
    for (text, name) in [
      ("version https://git-lfs.github.com/spec/v1\noid x\n", "git lfs pull"), ("<!DOCTYPE html>\n", "web page"),
    ] {
      #expect(try error { try tokenizer(text) }.description.contains(name))
    }
    let tooMany = [UInt8](repeating: 0x0A, count: 1 << 22 + 1)
    guard case .invalidVocabulary = try error({ try tokenizer(tooMany) }) else {
      Issue.record("more tokens than allowed are accepted")
      return
    }
  }

  @Test func theConfigurationDecidesCaseAndSpelling() throws {
    let configuration = #"""
      {"do_lower_case": true, "strip_accents": false, "tokenize_chinese_chars": false, "unk_token": "<u>",
       "cls_token": {"content": "<c>"}, "sep_token": "<s>", "pad_token": null, "model_max_length": 128}
      """#
    let tokenizer = try tokenizer("<u>\n<c>\n<s>\né\n中文\n[SEP]\n[PAD]", configuration: configuration)
    #expect(try tokenizer.encode("É<s>中文 [SEP]").ids == [1, 3, 2, 4, 0, 0, 0, 2])
    #expect(tokenizer.maxLength == 128)
    #expect(tokenizer.specialTokens.padding == 6)
  }

  @Test func aSentencePieceModelIsNamed() throws {
    try folder.write("x", to: "sentencepiece.bpe.model")
    let path = folder.path("sentencepiece.bpe.model")
    #expect(throws: TokenizerError.sentencePiece(path: path)) { try Tokenizer(folder: folder.path) }
    #expect(TokenizerError.sentencePiece(path: path).description.contains("save_pretrained"))
  }

  @Test func addedTokensOfTheConfiguration() throws {
    let configuration = #"""
      {"model_max_length": 1000000000000000019884624838656, "added_tokens_decoder": {
        "5": {"content": "[X]", "special": true}, "9": {"content": "[Y] z", "special": true, "rstrip": true}}}
      """#
    let tokenizer = try tokenizer(special + "[X]\na\n", configuration: configuration)
    // As in the reference the next free id counts, not that of the file.
    #expect(try tokenizer.encode("a[X][Y] z  a").ids == [2, 6, 5, 7, 6, 3])
    #expect(tokenizer.vocabularySize == 8)
    #expect(tokenizer.token(of: 7) == "[Y] z" && tokenizer.token(of: 8) == nil)
    #expect(tokenizer.maxLength == nil)
    #expect(tokenizer.warnings.count == 1 && tokenizer.warnings[0].contains("has the id 7, not 9"))
    let wrong = #"{"added_tokens_decoder": {"6": {"content": "[X]", "special": true}}}"#
    #expect(try self.tokenizer(special + "[X]\na\n", configuration: wrong).encode("[X]").ids == [2, 5, 3])
  }

  @Test func configurationsOfOtherTokenizersAreRefused() throws {
    for configuration in [
      #"{"tokenizer_class": "XLMRobertaTokenizer"}"#, #"{"truncation_side": "left"}"#,
      #"{"do_lower_case": "yes"}"#, #"{"cls_token": 5}"#, #"{"added_tokens_decoder": {"x": {}}}"#, "[]",
    ] {
      _ = try error { try tokenizer(special, configuration: configuration) }
    }
  }
}

extension String {
  fileprivate var crlf: String {
    split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
  }
}
