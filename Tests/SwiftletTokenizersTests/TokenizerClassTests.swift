// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers
import TestSupport
import Testing

/// What decides: tokenizer.json or tokenizer_config.json, by the class that the files name.
struct TokenizerClassTests {
  let folder: TemporaryFolder

  /// tokenizer.json keeps case and accents, and its template ends without [SEP].
  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      #"""
      {"added_tokens": [], "normalizer": {"type":"BertNormalizer","lowercase":false},
       "pre_tokenizer": {"type":"BertPreTokenizer"}, "decoder": null,
       "post_processor": {"type":"TemplateProcessing",
         "single": [{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
         "pair": [{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":0}}],
         "special_tokens": {"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]}}},
       "model": {"type":"WordPiece","max_input_chars_per_word":2,"continuing_subword_prefix":"@",
         "vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"A":4,"##a":5,"@a":6,"[PAD]":7,"[MASK]":8}}}
      """#, to: "tokenizer.json")
  }

  private func ids(_ configuration: String?, model: String? = nil, of text: String = "A aaa") throws -> [Int32] {
    if let configuration { try folder.write(configuration, to: "tokenizer_config.json") }
    if let model { try folder.write(model, to: "config.json") }
    return try Tokenizer(folder: folder.path).encode(text).ids
  }

  private static let fromConfiguration: [Int32] = [1, 3, 3, 5, 5, 2]
  private static let fromFile: [Int32] = [1, 4, 0]
  /// The file's stages, with BERT's template.
  private static let mixed: [Int32] = [1, 4, 0, 2]

  @Test(arguments: [
    ("BertTokenizer", fromConfiguration), ("BertTokenizerFast", fromConfiguration),
    ("DistilBertTokenizerFast", fromConfiguration), ("ElectraTokenizer", fromConfiguration),
    ("MobileBertTokenizer", fromConfiguration), ("SqueezeBertTokenizer", fromConfiguration),
    ("LayoutLMTokenizer", fromConfiguration), ("LxmertTokenizerFast", fromConfiguration),
    ("DPRQuestionEncoderTokenizer", fromConfiguration), ("DPRContextEncoderTokenizer", fromConfiguration),
    ("DPRReaderTokenizer", fromConfiguration), ("DPRQuestionEncoderTokenizerFast", mixed),
    ("ConvBertTokenizer", mixed), ("ConvBertTokenizerFast", mixed), ("PreTrainedTokenizerFast", fromFile),
    ("PreTrainedTokenizer", fromFile), ("TokenizersBackend", fromFile), ("OurOwnTokenizer", fromFile),
  ])
  func classes(_ name: String, expected: [Int32]) throws {
    #expect(try ids(#"{"tokenizer_class":"\#(name)"}"#) == expected)
  }

  @Test func withoutAConfiguration() throws {
    #expect(try ids(nil) == Self.fromConfiguration)
    #expect(try ids("{}") == Self.fromConfiguration)
  }

  @Test func theClassOfConfigJSON() throws {
    let general = #"{"model_type":"bert","tokenizer_class":"PreTrainedTokenizerFast"}"#
    #expect(try ids(nil, model: general) == Self.fromFile)
    #expect(try ids(#"{"tokenizer_class":"BertTokenizer"}"#, model: general) == Self.fromConfiguration)
    #expect(try ids("{}", model: #"{"model_type":"distilbert"}"#) == Self.fromConfiguration)
    #expect(try ids("{}", model: #"{"model_type":"nomic_bert"}"#) == Self.fromFile)
  }

  @Test func theConfigurationOverridesTheFile() throws {
    let text = "A É 中中"
    func normalization(_ configuration: String) throws -> Normalization {
      _ = try ids(configuration, of: text)
      return try Tokenizer(folder: folder.path).normalization
    }
    #expect(try normalization("{}") == Normalization())
    #expect(try normalization(#"{"do_lower_case":false}"#) == Normalization(lowercases: false))
    #expect(try normalization(#"{"strip_accents":false}"#) == Normalization(stripsAccents: false))
    let ideographs = #"{"strip_accents":null,"tokenize_chinese_chars":false}"#
    #expect(try normalization(ideographs) == Normalization(isolatesIdeographs: false))
    #expect(try normalization(#"{"do_lower_case":false,"tokenizer_class":"DPRReaderTokenizer"}"#) == Normalization())
    let file = #"{"do_lower_case":true,"tokenizer_class":"PreTrainedTokenizerFast"}"#
    #expect(try normalization(file) == Normalization(lowercases: false))
  }

  @Test func otherTokenizersAreRefusedByName() throws {
    for (configuration, model) in [
      (#"{"tokenizer_class":"RobertaTokenizerFast"}"#, "{}"), (#"{"tokenizer_class":"XLMRobertaTokenizer"}"#, "{}"),
      ("{}", #"{"tokenizer_class":"AlbertTokenizer"}"#), ("{}", #"{"model_type":"xlm-roberta"}"#),
    ] {
      let error = try #require(throws: TokenizerError.self) { _ = try ids(configuration, model: model) }
      #expect(error.description.contains("tokenizer class") && error.description.contains("PreTrainedTokenizerFast"))
    }
  }

  @Test func keysThatAreRefused() throws {
    for key in [
      #""fast_tokenizer_files":["tokenizer.4.0.0.json"]"#, #""init_inputs":["x"]"#, #""processor_class":"X""#,
    ] {
      #expect(throws: TokenizerError.self) { _ = try ids("{\(key)}") }
    }
    #expect(try ids(#"{"init_inputs":[],"processor_class":null}"#) == Self.fromConfiguration)
  }

  @Test func truncationAtTheStart() throws {
    let error = try #require(throws: TokenizerError.self) { _ = try ids(#"{"truncation_side":"left"}"#) }
    #expect(error.description.contains("truncation_side"))
    #expect(throws: TokenizerError.self) { _ = try ids(#"{"truncation_side":"up"}"#) }
    #expect(try ids(#"{"truncation_side":"right"}"#) == Self.fromConfiguration)
  }

  @Test func maximumLengths() throws {
    for (configuration, length) in [
      (#"{"model_max_length":7}"#, 7), (#"{"max_len":9}"#, 9), (#"{"model_max_length":null,"max_len":9}"#, nil as Int?),
      (#"{"model_max_length":1000000000000000019884624838656}"#, nil), (#"{"max_length":3}"#, nil),
    ] {
      _ = try ids(configuration)
      #expect(try Tokenizer(folder: folder.path).maxLength == length)
    }
  }
}
