// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletFiles
import SwiftletTokenizers
import TestSupport
import Testing

/// Settings of sentence_bert_config.json and config_sentence_transformers.json, against the reference's vectors
/// (Scripts/make_folder_goldens.py).
struct FolderSettingsTests {
  private static let goldens: JSONObject = {
    let json = try? JSONParser.parse(path: fixture("folders/cases.json"), limit: 1 << 24)
    return json?.object ?? [:]
  }()

  private static var cases: [JSONObject] { goldens["cases"]?.array?.compactMap(\.object) ?? [] }
  static var names: [String] { cases.compactMap { $0["name"]?.string } }

  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes the folder of a golden.
  private func write(_ name: String) throws -> JSONObject {
    let golden = try #require(Self.cases.first { $0["name"]?.string == name })
    let vocabulary = try #require(Self.goldens["vocabulary"]?.array).map { try #require($0.string) }
    try folder.write(files: try #require(golden["files"]?.object), vocabulary: vocabulary)
    let weights = try InputFile(path: fixture("folders/model.safetensors")).readAll(limit: 1 << 20)
    try folder.write(weights, to: "model.safetensors")
    return golden
  }

  @Test(arguments: names)
  func vectorsAreTheReferences(of name: String) throws {
    let golden = try write(name)
    let texts = try #require(Self.goldens["texts"]?.array).map { try #require($0.string) }
    let rows = try #require(golden["vectors"]?.array)
    let expected = try rows.map { try #require($0.array).map { Float($0.double ?? .nan) } }
    let vectors = try SentenceEncoder(folder: folder.path).encode(texts)
    let largest = expected.joined().reduce(0) { max($0, abs($1)) }
    #expect(vectors.dimension == expected[0].count)
    for (text, pair) in zip(texts, zip(vectors, expected)) {
      let error = zip(pair.0, pair.1).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(error <= 1e-5 * largest, "\(name): \(text.debugDescription) is off by \(error)")
    }
  }

  private func edit(_ file: String, _ json: String) throws { try folder.write(json, to: file) }

  private func read(_ file: String) throws -> String {
    try String(decoding: InputFile(path: folder.path(file)).readAll(limit: 1 << 20), as: UTF8.self)
  }

  @Test func theOrderOfMaximumLengths() throws {
    _ = try write("version 3, cased")
    func length(_ settings: String, _ tokenizer: String) throws -> Int {
      try edit("sentence_bert_config.json", settings)
      try edit("tokenizer_config.json", tokenizer)
      return try SentenceEncoder(folder: folder.path).maxLength
    }
    #expect(try length(#"{"max_seq_length":9}"#, #"{"model_max_length":7}"#) == 9)
    #expect(try length(#"{"max_seq_length":9,"processor_kwargs":{"model_max_length":5}}"#, "{}") == 5)
    let both = #"{"processor_kwargs":{"model_max_length":5},"tokenizer_args":{"model_max_length":7}}"#
    #expect(try length(both, "{}") == 7)
    #expect(try length(#"{"max_seq_length":null}"#, #"{"model_max_length":7}"#) == 7)
    #expect(try length("{}", #"{"max_len":8}"#) == 8)
    #expect(try length("{}", #"{"model_max_length":null,"max_len":8}"#) == 64)
    #expect(try length("{}", #"{"model_max_length":512}"#) == 64)
    #expect(try length("{}", "{}") == 64)
  }

  @Test func olderNamesOfTheSettings() throws {
    _ = try write("version 3, cased")
    for (name, length) in [("xlnet", 5), ("distilbert", 6), ("roberta", 7)] {
      try edit("sentence_bert_config.json", "{}")
      try edit("sentence_\(name)_config.json", "{\"max_seq_length\":\(length)}")
      #expect(try ModelFolder(path: folder.path).maxSequenceLength == length)
    }
  }

  @Test func lowercasingBeforeTheTokenizer() throws {
    _ = try write("version 3, cased")
    #expect(try !SentenceEncoder(folder: folder.path).tokenizer.normalization.lowercases)
    try edit("sentence_bert_config.json", #"{"do_lower_case":true}"#)
    #expect(try SentenceEncoder(folder: folder.path).tokenizer.normalization == Normalization(stripsAccents: false))
  }

  @Test(arguments: [
    #"{"transformer_task":"fill-mask"}"#, #"{"module_output_name":"sentence_embedding"}"#,
    #"{"modality_config":{"text":{"method":"forward","method_output_name":"pooler_output"}}}"#,
    #"{"modality_config":{"text":{"method":"get_text_features","method_output_name":"last_hidden_state"}}}"#,
    #"{"modality_config":{"text":{"method":"forward","method_output_name":["hidden_states",-2]}}}"#,
    #"{"modality_config":{"message":{},"text":{"method":"forward","method_output_name":"last_hidden_state"}}}"#,
  ])
  func otherOutputsAreRefused(_ json: String) throws {
    _ = try write("version 6")
    try edit("sentence_bert_config.json", json)
    #expect(throws: ConfigurationError.self) { try ModelFolder(path: folder.path) }
  }

  @Test func argumentsForTheLibrary() throws {
    _ = try write("version 3, cased")
    for json in [
      #"{"model_args":{"num_hidden_layers":1}}"#, #"{"tokenizer_args":{"do_lower_case":true}}"#,
      #"{"config_kwargs":{"hidden_act":"relu"}}"#, #"{"processing_kwargs":{"text":{"max_length":8}}}"#,
      #"{"tokenizer_name_or_path":"other"}"#, #"{"processor_kwargs":{"model_max_length":"8"}}"#,
    ] {
      try edit("sentence_bert_config.json", json)
      let error = try #require(throws: ConfigurationError.self) { try ModelFolder(path: folder.path) }
      #expect(error.problems.count == 1 && error.description.contains("not supported"))
    }
    try edit(
      "sentence_bert_config.json",
      #"{"model_args":{"attn_implementation":"eager"},"config_args":{},"processing_kwargs":{"chat_template":{"x":1}}}"#)
    #expect(throws: Never.self) { try ModelFolder(path: folder.path) }
  }

  @Test func defaultPromptsOfEveryModel() throws {
    _ = try write("version 3, cased")
    for name in ["query", "document"] {
      try edit("config_sentence_transformers.json", "{\"default_prompt_name\":\"\(name)\"}")
      #expect(try ModelFolder(path: folder.path).defaultPromptName == nil)
    }
  }

  @Test func theFolderShortensVectors() throws {
    _ = try write("truncate_dim")
    let encoder = try SentenceEncoder(folder: folder.path)
    #expect(encoder.dimension == 5 && !encoder.normalizes)
    #expect(encoder.pipeline.forTraining.dimension == 16 && encoder.pipeline.forTraining.normalizes)
    let longer = try SentenceEncoder(folder: folder.path, settings: EncoderSettings(truncateDimension: 8))
    #expect(longer.dimension == 8 && longer.pipeline.forTraining.dimension == 8)
    let unit = try SentenceEncoder(folder: folder.path, settings: EncoderSettings(normalize: true)).encode(["cat"])
    #expect(abs(unit[0].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
  }

  @Test func theDimensionOfPoolingHasNoEffect() throws {
    _ = try write("version 6")
    for json in [#"{"embedding_dimension":7}"#, #"{"word_embedding_dimension":768}"#] {
      try edit("1_Pooling/config.json", json)
      #expect(try ModelFolder(path: folder.path).dimension == 16)
    }
  }

  @Test func twoModulesOfOneName() throws {
    _ = try write("version 6")
    let modules = ["", "1_Pooling"].map { path in
      let kind = path.isEmpty ? "Transformer" : "Pooling"
      return #"{"idx":0,"name":"0","path":"\#(path)","type":"sentence_transformers.models.\#(kind)"}"#
    }
    try edit("modules.json", "[\(modules.joined(separator: ","))]")
    let error = try #require(throws: ConfigurationError.self) { try ModelFolder(path: folder.path) }
    #expect(error.description.contains("occurs twice"))
  }

  @Test("types of tokens that the model has no embedding of")
  func typesWithoutEmbeddings() throws {
    _ = try write("types that reach the model")
    let text = try read("tokenizer.json")
    try edit("tokenizer.json", text.replacing(#""type_id": 1"#, with: #""type_id": 2"#))
    let error = try #require(throws: ConfigurationError.self) { try SentenceEncoder(folder: folder.path) }
    #expect(error.description.contains("type_vocab_size is 2"))
  }

  @Test("a text without tokens")
  func textsWithoutTokens() throws {
    _ = try write("the general class")
    let text = try read("tokenizer.json")
    let start = try #require(text.firstRange(of: #""post_processor": "#)).upperBound
    let end = try #require(text.firstRange(of: #", "decoder""#)).lowerBound
    try edit("tokenizer.json", "\(text[..<start])null\(text[end...])")
    let encoder = try SentenceEncoder(folder: folder.path)
    #expect(try encoder.encode(["cat"]).count == 1)
    #expect(throws: TokenError.noTokens(folder: folder.path)) { try encoder.encode(["cat", ""]) }
  }
}
