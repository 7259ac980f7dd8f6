// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTokenizers
import SwiftletWeights
import TestSupport
import Testing

/// The modules after the pooling: what their folders may say, their weights, and their vectors against
/// sentence-transformers.
@Suite struct ModuleTests {
  /// A copy of the golden's model folder: pooling of 48 numbers, Dense, LayerNorm, Normalize, two Denses with a
  /// residual, Dropout, Normalize.
  private let folder: TemporaryFolder
  private let golden: Golden
  private var model: String { folder.path("model") }

  init() throws {
    golden = try Golden("modules")
    folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: golden.folder, toPath: folder.path("model"))
  }

  private var texts: [String] { golden.texts.filter { $0.pair == nil }.map(\.text) }

  /// Leaves the first modules only: 0 is the transformer.
  private func keep(modules count: Int) throws {
    let list = try #require(JSONParser.parse(path: "\(model)/modules.json", limit: 1 << 20).array)
    var bytes: [UInt8] = []
    JSONWriter.append(.array(Array(list.prefix(count))), to: &bytes)
    try folder.write(bytes, to: "model/modules.json")
  }

  private func problem(_ config: String, in module: String) throws -> ConfigurationError.Problem {
    try folder.write(config, to: "model/\(module)/config.json")
    let error = try #require(throws: ConfigurationError.self) { try ModelFolder(path: model) }
    #expect(error.path == "\(model)/\(module)/config.json" && error.problems.count == 1)
    return error.problems[0]
  }

  @Test func allAreReadInTheirOrder() throws {
    let encoder = try SentenceEncoder(folder: model)
    let kinds = try ModelFolder(path: model).modules.map { type(of: $0).typeName }
    #expect(kinds == ["Pooling", "Dense", "LayerNorm", "Normalize", "Dense", "Dense", "Dropout", "Normalize"])
    #expect(encoder.dimension == 10 && encoder.normalizes)
    // Transformers adds a pooler to a model that it saves.
    #expect(encoder.unusedTensors.allSatisfy { $0.hasPrefix("pooler.") })
    let names = try ModelFolder(path: model).parameters.parameters.map(\.name).filter { $0.contains("_") }
    #expect(names.suffix(3) == ["6_Dense.linear.weight", "6_Dense.linear.bias", "6_Dense.residual.weight"])
    #expect(names.contains("5_Dense.linear.weight") && !names.contains("5_Dense.linear.bias"))
  }

  /// Every function of Dense, and both spellings of its class.
  @Test(arguments: [
    "Identity", "Tanh", "ReLU", "GELU", "SiLU", "Sigmoid", "Softplus", "LeakyReLU", "ReLU6", "Hardtanh", "LogSigmoid",
    "Softsign",
  ])
  func activations(name: String) throws {
    try keep(modules: 3)
    let expected = try golden.values("activation.\(name)")
    for module in ["torch.nn", name == "Identity" ? "torch.nn.modules.linear" : "torch.nn.modules.activation"] {
      try folder.write(
        #"{"in_features":48,"out_features":16,"activation_function":"\#(module).\#(name)"}"#,
        to: "model/2_Dense/config.json")
      let vectors = try SentenceEncoder(folder: model).encode(texts)
      let error = largestError(vectors.tensor.values, expected.values)
      let scale = max(1, expected.values.reduce(0) { max($0, abs($1)) })
      #expect(vectors.dimension == 16 && error <= 1e-5 * scale, "\(name): \(error)")
    }
  }

  /// As in the reference, where the default is Tanh.
  @Test func keysThatAreLeftOutHaveTheirDefaults() throws {
    try keep(modules: 3)
    try folder.write(#"{"in_features":48,"out_features":16}"#, to: "model/2_Dense/config.json")
    let vectors = try SentenceEncoder(folder: model).encode(texts)
    #expect(largestError(vectors.tensor.values, try golden.values("activation.Tanh").values) <= 1e-5)
  }

  @Test func whatIsNotComputedIsRefusedByName() throws {
    let sizes = #""in_features":48,"out_features":16"#
    for name in ["torch.nn.modules.activation.Mish", "my.Tanh", "torch.tanh", "Tanh", ""] {
      let problem = try problem(#"{\#(sizes),"activation_function":"\#(name)"}"#, in: "2_Dense")
      guard case .unsupported("activation_function", name, _) = problem else {
        Issue.record("\(name): \(problem)")
        continue
      }
    }
    let other = try problem(#"{\#(sizes),"module_input_name":"token_embeddings"}"#, in: "2_Dense")
    #expect(
      other
        == .unsupported(
          key: "module_input_name", value: "token_embeddings", supported: ["sentence_embedding"]))
  }

  @Test func sizesThatDoNotFit() throws {
    #expect(try problem(#"{"out_features":16}"#, in: "2_Dense") == .missing(key: "in_features"))
    #expect(
      try problem(#"{"in_features":47,"out_features":16}"#, in: "2_Dense")
        == .inconsistent(key: "in_features", problem: "is 47, but the vectors have 48"))
    try folder.write(#"{"in_features":48,"out_features":16}"#, to: "model/2_Dense/config.json")
    #expect(
      try problem(#"{"dimension":8}"#, in: "3_LayerNorm")
        == .inconsistent(key: "dimension", problem: "is 8, but the vectors have 16"))
    try folder.write(#"{"dimension":16}"#, to: "model/3_LayerNorm/config.json")
    guard case .outOfRange = try problem(#"{"dropout":1.5}"#, in: "7_Dropout") else {
      Issue.record("a probability of 1.5 was accepted")
      return
    }
  }

  @Test func poolingMustKeepItsSize() throws {
    #expect(throws: EncoderSettingsError.poolingDimension(24, module: "Dense", inputs: 48)) {
      try SentenceEncoder(folder: model, settings: EncoderSettings(pooling: [.mean]))
    }
    #expect(throws: Never.self) {
      try SentenceEncoder(folder: model, settings: EncoderSettings(pooling: [.max, .lastToken]))
    }
  }

  /// A normalization before other modules belongs to the model.
  @Test func onlyTheLastNormalizationIsLeftOut() throws {
    var settings = EncoderSettings(normalize: false)
    let open = try SentenceEncoder(folder: model, settings: settings)
    #expect(!open.normalizes && open.dimension == 10)
    let vectors = try open.encode(texts), unit = try golden.values("embedding").values
    for index in texts.indices {
      #expect(cosine(vectors[index], unit[index * 10..<index * 10 + 10]) >= 0.999999)
    }
    #expect(abs(cosine(vectors[1], vectors[1].map(Double.init)) - 1) < 1e-6)
    settings.truncateDimension = 4
    settings.normalize = true
    let cut = try SentenceEncoder(folder: model, settings: settings).encode(texts)
    #expect(cut.dimension == 4 && abs(cut[1].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
  }

  @Test func missingAndBrokenWeights() throws {
    let file = "\(model)/2_Dense/model.safetensors", other = "\(model)/5_Dense/model.safetensors"
    try FileManager.default.moveItem(atPath: file, toPath: folder.path("kept"))
    var error: any SwiftletError = try #require(throws: ModelTensorsError.self) { try SentenceEncoder(folder: model) }
    #expect(error.path == "\(model)/2_Dense")
    try FileManager.default.copyItem(atPath: other, toPath: file)
    error = try #require(throws: WeightError.self) { try SentenceEncoder(folder: model) }
    #expect(error.path == "\(model)/2_Dense" && error.description.contains(#""linear.bias" is missing"#))
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path("kept"))))
    bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
    try folder.write(bytes, to: "model/2_Dense/model.safetensors")
    error = try #require(throws: WeightError.self) { try SentenceEncoder(folder: model) }
    #expect(error.description.contains("2_Dense.linear.weight") && error.description.contains("not finite"))
  }

  /// Dropout changes nothing without a trainer, and drops elements by text, not by its place in a piece, with one.
  @Test func dropoutActsInTrainingOnly() throws {
    try folder.write(#"{"dropout":0.5}"#, to: "model/7_Dropout/config.json")
    let expected = try SentenceEncoder(folder: golden.folder).encode(texts).tensor.values
    #expect(try SentenceEncoder(folder: model).encode(texts).tensor.values == expected)

    let pipeline = try EncoderPipeline(
      ModelFolder(path: model), settings: EncoderSettings(normalize: false), dropout: 0)
    let weights = try pipeline.trainableWeights(kernels: .best)
    let batch = try pipeline.tokens(of: texts.map { EncoderInput($0) })
    func vectors(_ range: Range<Int>, seed: UInt64) -> [Float] {
      nonisolated(unsafe) var values: [Float] = []
      ThreadPool(threadCount: 1).run(count: 1) { _, worker in
        let masks = DropoutMasks(Philox(seed: seed), batch: 3, firstText: range.lowerBound)
        let context = Context(weights: weights.forModel(worker), worker: worker, dropout: masks)
        values = pipeline.vectors(batch[range], in: context).tensor.values
      }
      return values
    }
    let all = vectors(0..<texts.count, seed: 1)
    let zeros = all.filter { $0 == 0 }.count
    #expect(zeros > all.count / 4 && zeros < all.count * 3 / 4)
    #expect(vectors(0..<3, seed: 1) + vectors(3..<texts.count, seed: 1) == all)
    #expect(vectors(0..<texts.count, seed: 2) != all)
  }

  @Test(arguments: Precision.allCases) func inEveryPrecision(precision: Precision) throws {
    let exact = try golden.values("embedding").values
    for kernels in Kernels.available {
      let encoder = try SentenceEncoder(
        folder: model, settings: EncoderSettings(precision: precision), kernels: kernels)
      let vectors = try encoder.encode(texts)
      for (index, text) in texts.enumerated() {
        let least = precision == .float32 ? 0.999999 : precision == .bfloat16 ? 0.999 : 0.98
        #expect(cosine(vectors[index], exact[index * 10..<index * 10 + 10]) >= least, "\(kernels.path) \(text)")
        #expect(try encoder.encode([text])[0] == vectors[index], "\(kernels.path) \(text)")
      }
    }
  }
}
