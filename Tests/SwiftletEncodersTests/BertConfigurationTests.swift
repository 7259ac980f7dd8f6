// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import TestSupport
import Testing

/// config.json: a value that is missing, of the wrong type, out of range or not supported is an error that names it.
struct BertConfigurationTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let base: [(key: String, value: String)] = [
    ("model_type", "\"bert\""), ("vocab_size", "100"), ("hidden_size", "24"), ("num_hidden_layers", "2"),
    ("num_attention_heads", "3"), ("intermediate_size", "48"), ("max_position_embeddings", "16"),
    ("type_vocab_size", "2"), ("hidden_act", "\"gelu_new\""), ("layer_norm_eps", "1e-5"),
  ]

  private func configuration(_ changes: [String: String?] = [:]) throws -> BertConfiguration {
    var members = BertConfigurationTests.base
    for (key, value) in changes {
      members.removeAll { $0.key == key }
      if let value { members.append((key, value)) }
    }
    let text = members.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",\n")
    try folder.write("{\(text)}", to: "config.json")
    return try #require(ModelFolder(path: folder.path).transformer as? BertModel).encoder.configuration
  }

  private func problems(_ changes: [String: String?]) throws -> [ConfigurationError.Problem] {
    try #require(throws: ConfigurationError.self) { try configuration(changes) }.problems
  }

  @Test func readsEverySize() throws {
    let read = try configuration()
    #expect(
      read.vocabularySize == 100 && read.hiddenSize == 24 && read.layerCount == 2 && read.headCount == 3)
    #expect(read.intermediateSize == 48 && read.maxPositions == 16 && read.typeVocabularySize == 2)
    #expect(read.activation == .geluTanh && read.layerNormEpsilon == 1e-5 && read.padTokenID == 0)
    #expect(read.hiddenDropout == 0.1 && read.attentionDropout == 0.1)
  }

  @Test func onePositionIsTooFew() throws {
    #expect(try problems(["max_position_embeddings": "1"]).count == 1)
  }

  @Test func theBundledModelIsRead() throws {
    let folder = try ModelFolder(path: repositoryPath("weights/all-MiniLM-L6-v2"))
    let read = try #require(folder.transformer as? BertModel).encoder.configuration
    #expect(read.hiddenSize == 384 && read.layerCount == 6 && read.layerNormEpsilon == 1e-12)
  }

  @Test("config.json is absent, is not JSON, or is larger than 16 MiB")
  func absentOrBrokenOrTooLarge() throws {
    #expect(throws: FileError.self) { try ModelFolder(path: folder.path) }
    try folder.write("{\n  \"hidden_size\": 1,\n}", to: "config.json")
    let error = try #require(throws: JSONError.self) { try ModelFolder(path: folder.path) }
    #expect(error.line == 3 && error.column == 1 && error.path == folder.path("config.json"))
    try folder.write(String(repeating: " ", count: 3 << 20) + "{}", to: "config.json")
    #expect(throws: Never.self) { try ModelFolder(path: folder.path) }
    try folder.write(String(repeating: " ", count: 1 << 24) + "{}", to: "config.json")
    #expect(throws: FileError.self) { try ModelFolder(path: folder.path) }
    try folder.write("[]", to: "config.json")
    #expect(throws: ConfigurationError.self) { try ModelFolder(path: folder.path) }
  }

  @Test("sizes are missing: bert-base's, as in the reference")
  func missingSizesAreBertBases() throws {
    let sizes = [
      "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
      "max_position_embeddings", "type_vocab_size",
    ]
    let read = try configuration(Dictionary(uniqueKeysWithValues: sizes.map { ($0, String?.none) }))
    #expect(read.vocabularySize == 30522 && read.hiddenSize == 768 && read.layerCount == 12 && read.headCount == 12)
    #expect(read.intermediateSize == 3072 && read.maxPositions == 512 && read.typeVocabularySize == 2)
  }

  @Test func allProblemsAreListedAtOnce() throws {
    let keys = ["vocab_size", "num_hidden_layers", "intermediate_size", "max_position_embeddings", "type_vocab_size"]
    let changes = Dictionary(uniqueKeysWithValues: (keys + ["is_decoder"]).map { ($0, "-1" as String?) })
    let error = try #require(throws: ConfigurationError.self) { try configuration(changes) }
    #expect(error.problems.count == 6 && error.description.contains("and 1 more"))
    #expect(!error.description.contains("\n"))
  }

  @Test(
    "a size is 0, negative, not a whole number, or far too large",
    arguments: [
      "0", "-1", "1e3", "1.0", "1099511627776", "\"24\"", "[24]", "1e400", "99999999999999999999",
    ])
  func sizesOutOfRange(_ value: String) throws {
    for key in [
      "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
      "max_position_embeddings", "type_vocab_size",
    ] {
      let found = try problems([key: value])
      #expect(found.count == 1 && found[0].description.hasPrefix(key), "\(found)")
    }
  }

  @Test("the hidden size is not a multiple of the number of heads")
  func hiddenSizeMustBeAMultipleOfTheHeads() throws {
    let problem = "24 is not a multiple of num_attention_heads, 5"
    #expect(
      try problems(["num_attention_heads": "5"]) == [.inconsistent(key: "hidden_size", problem: problem)])
  }

  @Test(
    "an architecture or activation that is not supported",
    arguments: [
      ("model_type", "\"t5\""), ("hidden_act", "\"mish\""), ("hidden_act", "\"GELU\""),
      ("position_embedding_type", "\"relative_key\""), ("is_decoder", "true"), ("add_cross_attention", "true"),
      ("per_layer_config", "{\"0\": {}}"), ("quantization_config", "{\"quant_method\": \"bitsandbytes\"}"),
    ])
  func variantsThatAreNotComputedAreRefused(_ key: String, value: String) throws {
    guard case .unsupported(key, _, _)? = try problems([key: value]).first else {
      Issue.record("\(key) \(value) was not refused")
      return
    }
  }

  @Test(arguments: [
    ("layer_norm_eps", "0"), ("layer_norm_eps", "-1e-5"), ("layer_norm_eps", "1e400"),
    ("layer_norm_eps", "\"1\""),
    ("hidden_dropout_prob", "1.5"), ("is_decoder", "1"),
  ])
  func constantsOutOfRange(_ key: String, value: String) throws {
    #expect(try problems([key: value]).count == 1)
  }

  /// No vector depends on these settings.
  @Test func paddingAndInitializerRejectNoModel() throws {
    let ids: [(String, Int?)] = [("7", 7), ("100", 100), ("-1", -1), ("null", nil), ("\"[PAD]\"", nil)]
    for (value, id) in ids { #expect(try configuration(["pad_token_id": value]).padTokenID == id) }
    #expect(try configuration(["pad_token_id": nil]).padTokenID == 0)
    for value in ["-1", "1e400", "null", "\"small\""] {
      #expect(throws: Never.self) { try configuration(["initializer_range": value]) }
    }
  }

  @Test func nullCountsAsAbsent() throws {
    #expect(throws: Never.self) { try configuration(["pad_token_id": "null", "is_decoder": "null"]) }
    #expect(try problems(["hidden_size": "null", "num_attention_heads": "5"]).count == 1)
  }

  @Test func everyNameOfAFunction() throws {
    let names: [(String, Activation)] = [
      ("gelu", .gelu), ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("relu", .relu),
      ("silu", .silu), ("swish", .silu), ("tanh", .tanh), ("gelu_fast", .geluTanh), ("gelu_accurate", .geluTanh),
      ("gelu_python_tanh", .geluTanh), ("gelu_python", .gelu),
    ]
    for (name, activation) in names {
      #expect(try configuration(["hidden_act": "\"\(name)\""]).activation == activation)
    }
  }
}
