// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

@testable import SwiftletEncoders

/// The architectures that are made of BERT's parts: what differs from BERT in config.json, positions and bits.
@Suite struct ArchitectureTests {
  private let folder: TemporaryFolder
  private var model: String { folder.path("model") }

  init() throws { folder = try TemporaryFolder() }

  /// Copies a golden's folder with other values in config.json; nil removes a key.
  private func use(_ name: String, _ changes: [String: JSONValue?] = [:]) throws {
    try? FileManager.default.removeItem(atPath: model)
    try FileManager.default.copyItem(atPath: fixture("\(name)/model"), toPath: model)
    var config = try #require(JSONParser.parse(path: "\(model)/config.json", limit: 1 << 20).object)
    for (key, value) in changes { config[key] = value }
    var bytes: [UInt8] = []
    JSONWriter.append(.object(config), to: &bytes)
    try folder.write(bytes, to: "model/config.json")
  }

  private func problems(_ name: String, _ changes: [String: JSONValue?]) throws -> [ConfigurationError.Problem] {
    try use(name, changes)
    return try #require(throws: ConfigurationError.self) { try ModelFolder(path: model) }.problems
  }

  private func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }

  @Test func sizesOfEach() throws {
    func sizes(_ name: String) throws -> [Int] {
      let sizes = try SentenceEncoder(folder: fixture("\(name)/model")).configuration
      #expect(sizes.architecture == name)
      return [sizes.hiddenSize, sizes.layerCount, sizes.maxPositions, sizes.typeVocabularySize]
    }
    #expect(try sizes("distilbert") == [20, 2, 64, 0])
    #expect(try sizes("electra") == [32, 2, 64, 2])
    #expect(try sizes("mpnet") == [24, 2, 140, 0])
    #expect(try sizes("xlm-roberta") == [24, 2, 140, 1])
  }

  @Test func keysByTheirOwnNames() throws {
    let keys = ["dim", "n_layers", "n_heads", "hidden_dim"]
    #expect(
      try problems("distilbert", Dictionary(uniqueKeysWithValues: keys.map { ($0, number(0)) })).map {
        if case .outOfRange(let key, _, _) = $0 { key } else { "" }
      } == keys)
    #expect(
      try problems("distilbert", ["n_heads": number(3)])
        == [.inconsistent(key: "dim", problem: "20 is not a multiple of n_heads, 3")])
    guard
      case .unsupported("activation", "mish", _)? = try problems("distilbert", ["activation": .string("mish")]).first
    else {
      Issue.record("mish was accepted")
      return
    }
    #expect(try problems("mpnet", ["relative_attention_num_buckets": number(31)]).count == 1)
    #expect(try problems("xlm-roberta", ["max_position_embeddings": number(3)]).count == 1)
    #expect(try problems("xlm-roberta", ["pad_token_id": number(-1)]).count == 1)
  }

  /// RoBERTa is the same model under another name.
  @Test func robertaIsTheSame() throws {
    try use("xlm-roberta", ["model_type": .string("roberta")])
    let vectors = try SentenceEncoder(folder: model).encode(["the cat sat"])
    let others = try SentenceEncoder(folder: fixture("xlm-roberta/model")).encode(["the cat sat"])
    #expect(vectors.tensor.values == others.tensor.values)
  }

  /// Weights are found with and without the prefix of a model with a task's head.
  @Test(arguments: Golden.architectures) func tensorsThatAreNotUsed(name: String) throws {
    #expect(try SentenceEncoder(folder: fixture("\(name)/model")).unusedTensors == [])
  }

  @Test func positionsAfterPadding() {
    var batch = TokenBatch()
    batch.append(ids: [0, 5, 1, 7, 1, 1, 2])
    batch.append(ids: [0, 2])
    #expect(batch.positions(.fromZero) == [0, 1, 2, 3, 4, 5, 6, 0, 1])
    #expect(batch.positions(.afterPadding(1)) == [2, 3, 1, 4, 1, 1, 5, 2, 3])
    #expect(batch.positions(.afterPadding(0)) == [0, 1, 2, 3, 4, 5, 6, 0, 1])
  }

  /// A model without token types takes pairs; one with a single type takes no second type.
  @Test func pairs() throws {
    let mpnet = try SentenceEncoder(folder: fixture("mpnet/model"))
    #expect(try mpnet.hiddenStates("the cat", pair: "a dog")[0].shape == [7, 24])
    let roberta = try SentenceEncoder(folder: fixture("xlm-roberta/model"))
    #expect(throws: EncoderSettingsError.noPairs) { try roberta.hiddenStates("the cat", pair: "a dog") }
  }

  /// The formula of the paper, whose logarithm the table of distances stands for.
  @Test func bucketsOfRelativePositions() {
    for distance in 0..<1000 {
      let value = distance < 8 ? Double(distance) : 8 + (log(Double(distance) / 8) / log(16) * 8 + 1e-9).rounded(.down)
      let bucket = Int32(min(value, 15))
      #expect(RelativePositionBias.bucket(ofOffset: -distance) == bucket, "\(-distance)")
      if distance > 0 { #expect(RelativePositionBias.bucket(ofOffset: distance) == bucket + 16, "\(distance)") }
    }
  }

  private static let texts: [String] = {
    var generator = SplitMix64(seed: 3)
    let words = ["the", "cat", "dog", "sat", "on", "a", "mat", "[PAD]", "1984", "?", "running"]
    return [0, 1, 60, 200, 5, 17, 2, 33].map { length in
      (0..<length).map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
    }
  }()

  private func bits(_ vectors: Embeddings) -> [[UInt32]] { (0..<vectors.count).map { vectors[$0].map(\.bitPattern) } }

  /// In float32 and int8 on every path of the CPU, in bfloat16 on each.
  @Test(arguments: Golden.architectures, Precision.allCases)
  func sameBitsInAnyBatchOnThreadsAndPaths(name: String, precision: Precision) throws {
    var expected: [[UInt32]] = []
    for kernels in Kernels.available {
      if precision == .bfloat16 { expected = [] }
      for threads in [1, 3] {
        let encoder = try SentenceEncoder(
          folder: fixture("\(name)/model"), settings: EncoderSettings(precision: precision, threadCount: threads),
          kernels: kernels)
        let all = try bits(encoder.encode(Self.texts))
        if expected.isEmpty { expected = all }
        #expect(all == expected, "\(kernels.path), \(threads) threads")
        for (index, text) in Self.texts.enumerated() {
          #expect(try bits(encoder.encode([text])) == [expected[index]], "\(kernels.path), \(threads) threads: \(text)")
        }
      }
    }
  }

  /// Fewer bits change vectors a little.
  @Test(arguments: Golden.architectures) func fewerBitsStayNear(name: String) throws {
    func vectors(_ precision: Precision) throws -> Embeddings {
      try SentenceEncoder(
        folder: fixture("\(name)/model"), settings: EncoderSettings(normalize: true, precision: precision)
      ).encode(Self.texts)
    }
    let exact = try vectors(.float32)
    for (precision, least) in [(Precision.bfloat16, 0.999), (.int8, 0.99)] {
      let others = try vectors(precision)
      for index in Self.texts.indices {
        let similarity = cosine(others[index], exact[index].map(Double.init))
        #expect(similarity >= least, "\(precision): \(Self.texts[index])")
      }
    }
  }
}
