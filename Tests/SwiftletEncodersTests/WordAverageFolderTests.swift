// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletFiles
import TestSupport
import Testing

/// Errors in the folder of a word average with 97 embeddings of 20 numbers and vectors of 12.
@Suite struct WordAverageFolderTests {
  private let folder: TemporaryFolder
  private var model: String { folder.path("model") }

  init() throws {
    folder = try TemporaryFolder()
    let golden = repositoryPath("Tests/SwiftletTrainingTests/Fixtures/word-average/model")
    try FileManager.default.copyItem(atPath: golden, toPath: folder.path("model"))
  }

  private func edit(_ key: String, _ value: Any?) throws {
    let file = URL(fileURLWithPath: "\(model)/config.json")
    var config = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    config[key] = value
    try JSONSerialization.data(withJSONObject: config).write(to: file)
  }

  @Test func configurationSaysWhetherVectorsHaveUnitLength() throws {
    #expect(try !SentenceEncoder(folder: model).normalizes)
    try edit("normalize", true)
    #expect(try SentenceEncoder(folder: model).normalizes)
    #expect(try !SentenceEncoder(folder: model, settings: EncoderSettings(normalize: false)).normalizes)
  }

  @Test func textsMayBeLong() throws {
    #expect(try SentenceEncoder(folder: model).maxLength == 1 << 20)
    try folder.write(#"{"max_seq_length": 5}"#, to: "model/sentence_bert_config.json")
    #expect(try SentenceEncoder(folder: model).encode(["a b c d e"]).truncated == [0])
    #expect(throws: EncoderSettingsError.self) {
      try SentenceEncoder(folder: model, settings: EncoderSettings(maxLength: 1 << 20 + 1))
    }
  }

  @Test func missingSizesAreListedAtOnce() throws {
    let sizes = ["vocab_size", "embedding_size", "hidden_size"]
    for size in sizes { try edit(size, nil) }
    let error = try #require(throws: ConfigurationError.self) { try SentenceEncoder(folder: model) }
    #expect(error.problems == sizes.map { .missing(key: $0) } && error.path?.hasSuffix("config.json") == true)
  }

  @Test(arguments: ["vocab_size", "embedding_size", "hidden_size", "normalize"])
  func valuesThatMakeNoSense(_ key: String) throws {
    for value in [0, -1, "24", [1], 1e9] as [Any] {
      try edit(key, value)
      let error = try #require(throws: ConfigurationError.self) { try SentenceEncoder(folder: model) }
      #expect(error.problems.count == 1 && error.description.contains(key))
    }
  }

  @Test func otherTypesAreRefusedAsEver() throws {
    let supported = ["bert", "distilbert", "electra", "mpnet", "xlm-roberta", "roberta", "word-average"]
    for type in ["t5", "Word-Average", "word-average "] {
      try edit("model_type", type)
      let error = try #require(throws: ConfigurationError.self) { try SentenceEncoder(folder: model) }
      #expect(error.problems == [.unsupported(key: "model_type", value: type, supported: supported)])
    }
  }

  @Test func modulesBelongToATransformer() throws {
    try folder.write("[]", to: "model/modules.json")
    #expect(throws: ConfigurationError.self) { try SentenceEncoder(folder: model) }
    let pooling = #"{"pooling_mode_mean_tokens": true, "word_embedding_dimension": 12}"#
    try folder.write(pooling, to: "model/1_Pooling/config.json")
    let modules = [("", "Transformer"), ("1_Pooling", "Pooling")].map {
      #"{"path": "\#($0)", "type": "sentence_transformers.models.\#($1)"}"#
    }
    try folder.write("[\(modules.joined(separator: ", "))]", to: "model/modules.json")
    let error = try #require(throws: ConfigurationError.self) { try SentenceEncoder(folder: model) }
    #expect(error.description.contains("modules.json"))
  }

  @Test func weightsOfOtherSizes() throws {
    try edit("hidden_size", 13)
    let error = try #require(throws: WeightError.self) { try SentenceEncoder(folder: model) }
    #expect(
      error.problems == [
        .misshapen(name: "linear.weight", shape: [12, 20], expected: [13, 20]),
        .misshapen(name: "linear.bias", shape: [12], expected: [13]),
      ])
  }

  @Test func tokensWithoutEmbeddings() throws {
    let path = "\(model)/vocab.txt", vocabulary = try String(contentsOfFile: path, encoding: .utf8)
    try folder.write(vocabulary + "another\nonemore\n", to: "model/vocab.txt")
    #expect(throws: VocabularyError.self) { try SentenceEncoder(folder: model) }
  }
}
