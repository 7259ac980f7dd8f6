// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletFiles
import TestSupport
import Testing

/// modules.json and the folders that it names.
struct FolderReadingTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(FolderReadingTests.config(), to: "config.json")
  }

  /// The config.json of a BERT.
  private static func config(positions: Int = 512) -> String {
    """
    {"vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8,
    "max_position_embeddings": \(positions), "type_vocab_size": 1}
    """
  }

  private static let older = "sentence_transformers.models."
  private static let newer = [
    "sentence_transformers.base.modules.transformer.Transformer",
    "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    "sentence_transformers.base.modules.normalize.Normalize",
  ]

  private func writeModules(_ modules: [(type: String, path: String)]) throws {
    let list = modules.enumerated().map {
      #"{"idx":\#($0),"name":"\#($0)","path":"\#($1.path)","type":"\#($1.type)"}"#
    }
    try folder.write("[\(list.joined(separator: ","))]", to: "modules.json")
  }

  private func read(pooling: String, types: [String] = FolderReadingTests.newer) throws -> ModelFolder {
    try writeModules(Array(zip(types, ["", "1_Pooling", "2_Normalize"])))
    try folder.write(pooling, to: "1_Pooling/config.json")
    return try ModelFolder(path: folder.path)
  }

  private func problem(_ body: () throws -> Void) throws -> ConfigurationError.Problem {
    try #require(try #require(throws: ConfigurationError.self, performing: body).problems.first)
  }

  @Test func theBundledModel() throws {
    let read = try ModelFolder(path: repositoryPath("weights/all-MiniLM-L6-v2"))
    #expect(read.poolingModes == [.mean] && read.normalizes && read.maxSequenceLength == 256)
    #expect(read.transformerPath == read.path && !read.lowercasesText && read.warnings.isEmpty)
    #expect(read.prompts.isEmpty && read.defaultPromptName == nil)
  }

  @Test("a folder without modules.json")
  func withoutModulesTheVectorOfTheFirstTokenNotNormalised() throws {
    let read = try ModelFolder(path: folder.path)
    #expect(read.poolingModes == [.cls] && !read.normalizes && read.maxSequenceLength == nil)
    #expect(read.warnings.count == 1 && read.warnings[0].contains("--pooling mean"))
  }

  @Test("without modules.json two files do not count, as in the reference")
  func filesThatGoWithModules() throws {
    try folder.write(#"{"max_seq_length":7,"do_lower_case":true}"#, to: "sentence_bert_config.json")
    try folder.write(#"{"prompts":{"query":"q"},"truncate_dim":2}"#, to: "config_sentence_transformers.json")
    let read = try ModelFolder(path: folder.path)
    #expect(read.maxSequenceLength == nil && !read.lowercasesText && read.prompts.isEmpty)
    #expect(read.truncateDimension == nil && read.warnings.count == 2)
    #expect(read.warnings[1].contains("sentence_bert_config.json and config_sentence_transformers.json"))
  }

  @Test func aFolderThatIsAbsentIsAnError() {
    #expect(throws: FileError.self) { try ModelFolder(path: folder.path("absent")) }
  }

  @Test func modulesOfOlderAndNewerVersions() throws {
    let names = ["Transformer", "Pooling", "Normalize"]
    for types in [FolderReadingTests.newer, names.map { FolderReadingTests.older + $0 }] {
      #expect(try read(pooling: "{}", types: types).normalizes)
      #expect(try !read(pooling: "{}", types: Array(types.prefix(2))).normalizes)
    }
  }

  @Test(arguments: [
    (#"{"pooling_mode_mean_tokens":true}"#, [PoolingMode.mean]),
    (#"{"pooling_mode_mean_tokens":false}"#, [.mean]),
    (#"{"pooling_mode_lasttoken":true,"pooling_mode_cls_token":true}"#, [.cls, .lastToken]),
    (
      #"{"pooling_mode_mean_sqrt_len_tokens":true,"pooling_mode_max_tokens":true,"pooling_mode_unknown":false}"#,
      [.max, .meanSqrtLength]
    ),
    (#"{"pooling_mode_weightedmean_tokens":true}"#, [.weightedMean]),
    (#"{"pooling_mode":"lasttoken"}"#, [.lastToken]),
    (
      #"{"pooling_mode":["weightedmean","mean_sqrt_len_tokens","cls"]}"#,
      [.weightedMean, .meanSqrtLength, .cls]
    ),
    (#"{"pooling_mode":"max","pooling_mode_mean_tokens":true}"#, [.max]),
    (#"{"embedding_dimension":8}"#, [.mean]),
  ])
  func poolingInBothSpellings(_ config: String, modes: [PoolingMode]) throws {
    #expect(try read(pooling: config).poolingModes == modes)
  }

  @Test(arguments: [
    #"{"pooling_mode":"median"}"#, #"{"pooling_mode":[]}"#, #"{"pooling_mode":["mean",1]}"#,
    #"{"pooling_mode":true}"#, #"{"pooling_mode":["max"\#(String(repeating: ",\"max\"", count: 256))]}"#,
    #"{"pooling_mode_sum_tokens":true}"#, #"{"pooling_mode_mean_tokens":1}"#, #"{"include_prompt":"no"}"#,
    "[]",
  ])
  func poolingThatIsNotUnderstood(_ config: String) {
    #expect(throws: ConfigurationError.self) { try read(pooling: config) }
  }

  @Test func otherModulesAreRefusedByName() throws {
    let first = (FolderReadingTests.older + "Transformer", "")
    for type in ["sentence_transformers.models.WordWeights", "my_model.Pooling", "Pooling", ""] {
      try writeModules([first, (type, "1_Other")])
      guard case .unsupported(_, type, _) = try problem({ _ = try ModelFolder(path: folder.path) }) else {
        Issue.record("\(type) was not refused")
        continue
      }
    }
    for types in [[1], [0], [0, 1, 1], [0, 2, 1], [1, 0], [0, 1, 2, 0], []] {
      try writeModules(types.map { (FolderReadingTests.newer[$0], "1_Pooling") })
      #expect(throws: ConfigurationError.self) { try ModelFolder(path: folder.path) }
    }
  }

  @Test func whatIsNormalisedTwiceIsListedTwice() throws {
    let types = FolderReadingTests.newer
    try writeModules([(types[0], ""), (types[1], "1_Pooling"), (types[2], "2_Normalize"), (types[2], "3_Normalize")])
    try folder.write("{}", to: "1_Pooling/config.json")
    let read = try ModelFolder(path: folder.path)
    #expect(read.modules.count == 3 && read.normalizes && read.dimension == 8)
  }

  /// Pooling tells the forward pass which rows it needs, so that the others are not computed.
  @Test(arguments: [
    (#"{"pooling_mode":"cls"}"#, TokenRows.first), (#"{"pooling_mode":["cls","cls"]}"#, .first),
    (#"{"pooling_mode":"lasttoken"}"#, .last), (#"{"pooling_mode":["cls","lasttoken"]}"#, .all),
    (#"{"pooling_mode":"mean"}"#, .all), (#"{"pooling_mode":"cls","include_prompt":false}"#, .all),
    (#"{"pooling_mode":"lasttoken","include_prompt":false}"#, .last),
  ])
  func theRowsThatPoolingReads(_ config: String, rows: TokenRows) throws {
    #expect(try read(pooling: config).modules.first?.tokenRows == rows)
  }

  @Test(arguments: ["/etc", "..", "../other", "a/../../b", "a\\\\b", "a\\u0000b"])
  func pathsThatLeaveTheFolder(_ path: String) throws {
    try writeModules([(FolderReadingTests.newer[0], ""), (FolderReadingTests.newer[1], path)])
    guard case .inconsistent = try problem({ _ = try ModelFolder(path: folder.path) }) else {
      Issue.record("\(path) was not refused")
      return
    }
  }

  @Test(arguments: [
    "{}", "[1]", "[{}]", #"[{"type":1,"path":""}]"#, #"[{"type":"sentence_transformers.models.Pooling"}]"#,
  ])
  func modulesThatAreNotAList(_ text: String) throws {
    try folder.write(text, to: "modules.json")
    #expect(throws: ConfigurationError.self) { try ModelFolder(path: folder.path) }
  }

  @Test func theTransformerInAFolderOfItsOwn() throws {
    try writeModules([(FolderReadingTests.newer[0], "0_Transformer"), (FolderReadingTests.newer[1], "1_Pooling")])
    try folder.write("{}", to: "1_Pooling/config.json")
    try folder.write(FolderReadingTests.config(), to: "0_Transformer/config.json")
    try folder.write(
      #"{"max_seq_length":77,"do_lower_case":true}"#, to: "0_Transformer/sentence_bert_config.json")
    let read = try ModelFolder(path: folder.path)
    #expect(read.transformerPath == folder.path("0_Transformer"))
    #expect(read.maxSequenceLength == 77 && read.lowercasesText)
  }

  @Test func newerVersionsKeepTheMaximumLengthWithTheTokenizer() throws {
    try folder.write(#"{"model_max_length":128}"#, to: "tokenizer_config.json")
    #expect(try ModelFolder(path: folder.path).maxSequenceLength == 128)
    try folder.write(FolderReadingTests.config(positions: 64), to: "config.json")
    #expect(try ModelFolder(path: folder.path).maxSequenceLength == 64)
    try folder.write(#"{"model_max_length":1000000000000000019884624838656}"#, to: "tokenizer_config.json")
    #expect(try ModelFolder(path: folder.path).maxSequenceLength == nil)
    for length in [0, 1] {
      try folder.write("{\"max_seq_length\":\(length)}", to: "sentence_bert_config.json")
      #expect(throws: ConfigurationError.self) { try read(pooling: "{}") }
    }
  }

  @Test func prompts() throws {
    let file = "config_sentence_transformers.json"
    try folder.write(
      #"{"prompts":{"query":"query: ","document":null},"default_prompt_name":"query"}"#, to: file)
    let read = try read(pooling: "{}")
    #expect(read.prompts == ["query": "query: ", "document": ""] && read.defaultPromptName == "query")
    for text in [
      #"{"prompts":{"query":1}}"#, #"{"prompts":[]}"#, #"{"default_prompt_name":"passage"}"#,
      #"{"model_type":"CrossEncoder"}"#, #"{"truncate_dim":0}"#, #"{"truncate_dim":"8"}"#,
    ] {
      try folder.write(text, to: file)
      #expect(throws: ConfigurationError.self) { try self.read(pooling: "{}") }
    }
  }

  @Test func normalizationOfSomethingElseIsRefused() throws {
    try folder.write(#"{"module_input_name":"token_embeddings"}"#, to: "2_Normalize/config.json")
    #expect(throws: ConfigurationError.self) { try read(pooling: "{}") }
    try folder.write(#"{"module_input_name":"sentence_embedding"}"#, to: "2_Normalize/config.json")
    #expect(throws: Never.self) { try read(pooling: "{}") }
  }
}
