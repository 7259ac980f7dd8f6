// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTraining
import SwiftletWeights
import TestSupport
import Testing

/// Static embeddings with a Dense and a Normalize, as sentence-transformers saved them: Scripts/make_training_goldens.py.
@Suite struct StaticEmbeddingTests {
  private let folder: TemporaryFolder
  private var model: String { folder.path("model") }

  init() throws {
    folder = try TemporaryFolder()
    let golden = fixture("architectures/static-embedding/model")
    try FileManager.default.copyItem(atPath: golden, toPath: folder.path("model"))
  }

  /// The golden's texts; the last is empty.
  private func texts() throws -> [String] { try TrainerTests.texts().texts + [""] }

  private func exact() throws -> [Double] {
    try SafetensorsFile(path: fixture("architectures/static-embedding/golden.safetensors")).numbers("vectors")
  }

  @Test func vectorsEqualTheReferences() throws {
    let texts = try texts(), exact = try exact()
    for kernels in Kernels.available {
      let encoder = try SentenceEncoder(folder: model, settings: EncoderSettings(), kernels: kernels)
      let vectors = try encoder.encode(texts)
      #expect(relativeDistance(vectors.tensor.values, exact) <= 1e-6, "\(kernels.path)")
      for (index, text) in texts.enumerated() { #expect(try encoder.encode([text])[0] == vectors[index]) }
    }
    let encoder = try SentenceEncoder(folder: model)
    #expect(encoder.dimension == 12 && encoder.normalizes && encoder.unusedTensors.isEmpty && encoder.warnings.isEmpty)
    #expect(encoder.maxLength == 1 << 20 && encoder.configuration.layerCount == 0)
  }

  /// Without the modules after it, a text without tokens has the vector 0.
  @Test func aloneAndWithoutTokens() throws {
    try folder.write(
      #"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.StaticEmbedding"}]"#,
      to: "model/modules.json")
    let encoder = try SentenceEncoder(folder: model), vectors = try encoder.encode(["", "the cat", ""])
    #expect(encoder.dimension == 20 && vectors[0].allSatisfy { $0 == 0 } && vectors[0] == vectors[2])
    #expect(vectors[1].contains { $0 != 0 })
    #expect(try encoder.encode([""])[0].allSatisfy { $0 == 0 })
  }

  /// The tokenizer's own maximum counts words only, as it does in the reference.
  @Test func theTokenizersMaximum() throws {
    let path = "\(model)/tokenizer.json", file = try String(contentsOfFile: path, encoding: .utf8)
    let maximum = #""truncation": {"max_length": 2, "stride": 0, "strategy": "LongestFirst", "direction": "Right"}"#
    try folder.write(file.replacing(#""truncation": null"#, with: maximum), to: "model/tokenizer.json")
    let vectors = try SentenceEncoder(folder: model).encode(["the cat", "the cat sat"])
    #expect(vectors.truncated == [1] && vectors[0] == vectors[1])
  }

  @Test func whatNeedsATransformerIsAnError() throws {
    let encoder = try SentenceEncoder(folder: model)
    #expect(throws: EncoderSettingsError.noTransformer(for: "hidden states")) { try encoder.hiddenStates("a") }
    #expect(throws: EncoderSettingsError.noTransformer(for: "pooling modes")) {
      try SentenceEncoder(folder: model, settings: EncoderSettings(pooling: [.cls]))
    }
  }

  @Test func theOrderOfModules() throws {
    for types in [["StaticEmbedding", "Pooling"], ["Dense", "StaticEmbedding"], ["StaticEmbedding", "Transformer"]] {
      let list = types.map { #"{"path":"","type":"sentence_transformers.models.\#($0)"}"# }
      try folder.write("[\(list.joined(separator: ","))]", to: "model/modules.json")
      #expect(throws: ConfigurationError.self) { try ModelFolder(path: model) }
    }
  }

  /// A table under model2vec's name is read; one in parts, and a file without a table, are refused.
  @Test func tablesOfOtherNames() throws {
    let expected = try SentenceEncoder(folder: model).encode(["the cat"]).tensor.values
    let path = "\(model)/model.safetensors", table = try #require(SafetensorsFile(path: path).tensors.first)
    var bytes = [UInt8](repeating: 0, count: table.byteRange.count)
    try bytes.withUnsafeMutableBytes {
      var bytes = $0.mutableBytes
      try table.read(into: &bytes)
    }
    func write(_ names: [String]) throws {
      try SafetensorsWriter.write(
        names.map { SafetensorsWriter.Tensor(name: $0, dtype: table.dtype, shape: table.shape) }, to: path
      ) { _, append in try bytes.withUnsafeBytes { bytes in try append(bytes.bytes) } }
    }
    try write(["embeddings"])
    #expect(try SentenceEncoder(folder: model).encode(["the cat"]).tensor.values == expected)
    try write(["embeddings", "weights"])
    let error = try #require(throws: ConfigurationError.self) { try ModelFolder(path: model) }
    #expect(error.description.contains("weights"))
    try write(["other"])
    #expect(throws: WeightError.self) { try ModelFolder(path: model) }
    try SafetensorsWriter.write([SafetensorsWriter.Tensor(name: "embeddings", dtype: .f32, shape: [1])], to: path) {
      _, append in try [UInt8](repeating: 0, count: 4).withUnsafeBytes { bytes in try append(bytes.bytes) }
    }
    #expect(throws: ConfigurationError.self) { try ModelFolder(path: model) }
  }
}
