// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTokenizers
import SwiftletWeights
import TestSupport
import Testing

@testable import SwiftletTraining

/// The gradients of a whole encoder through the batch-hard triplet loss against PyTorch's in float64, for each
/// architecture and for modules after the pooling: Scripts/make_training_goldens.py.
@Suite struct ModelGradientTests {
  /// The reference's results for the texts of a batch, and their settings.
  private struct Golden {
    let folder: String
    /// Static embeddings have one more text, which is empty and has the last label.
    let isStatic: Bool
    let settings: EncoderSettings
    let loss: BatchHardTripletLoss
    private let file: SafetensorsFile

    init(_ name: String) throws {
      let isCLS = name == "cls", isBERT = isCLS || name == "mean-normalized"
      isStatic = name == "static-embedding"
      // Further modules go with the folder's own pooling.
      settings =
        isStatic || name == "modules"
        ? EncoderSettings() : EncoderSettings(pooling: isCLS ? [.cls] : [.mean], normalize: !isCLS)
      loss = BatchHardTripletLoss(margin: isCLS ? 5 : 0.3)
      folder = fixture(isBERT ? "batch-hard/model" : "architectures/\(name)/model")
      file = try SafetensorsFile(
        path: fixture(isBERT ? "batch-hard/\(name).safetensors" : "architectures/\(name)/golden.safetensors"))
    }

    func values(_ name: String) throws -> [Double] { try file.numbers(name) }
  }

  private struct Outcome: Equatable {
    var loss: Float
    /// By the parameter's name.
    var gradients: [String: [Float]]
  }

  private let texts: [String]
  private let labels: [Int]

  init() throws {
    let rows = try JSONParser.parse(path: fixture("batch-hard/batch.json"), limit: 1 << 20).array ?? []
    let names = rows.compactMap { $0.object?["label"]?.string }
    texts = rows.compactMap { $0.object?["text"]?.string }
    labels = names.compactMap(names.firstIndex)
  }

  private func outcome(
    _ golden: Golden, kernels: Kernels = .best, threads: Int = 1, pieceSize: Int = 64,
    precision: Precision = .float32
  ) throws -> Outcome {
    let encoder = try EncoderPipeline(
      ModelFolder(path: golden.folder), settings: golden.settings, dropout: golden.isStatic ? nil : 0)
    let weights = try encoder.trainableWeights(kernels: kernels)
    let labels = golden.isStatic ? labels + labels.suffix(1) : labels, texts = golden.isStatic ? texts + [""] : texts
    var batch = TokenBatch()
    for text in texts { try encoder.tokenizer.append(text, to: &batch, maxLength: encoder.maxLength) }
    let gradients = Gradients(weights.layout)
    nonisolated(unsafe) var evaluation: LossEvaluation?
    ThreadPool(threadCount: threads).run(count: 1) { [batch] _, worker in
      worker.withTeam { worker in
        let pass = BatchGradient(
          encoder: encoder, weights: weights.forModel(worker, precision: precision), pieceSize: pieceSize,
          dropout: Philox(seed: 0), batchNumber: 0)
        evaluation = try? pass.add(
          batch, loss: { golden.loss(LabeledBatch(vectors: $0.vectors, labels: labels)) }, share: 1, to: gradients, nil,
          SingleProcess(), worker)
      }
    }
    let all = weights.layout.list.parameters.map { ($0.name, gradients.values(of: $0)) }
    return Outcome(loss: try #require(evaluation).value, gradients: Dictionary(uniqueKeysWithValues: all))
  }

  /// ‖g - g64‖ <= 1e-5 ‖g64‖ for each parameter, except those whose gradient is 0 by their place in the model: a key's
  /// bias adds the same to all scores of a query, and a shift of all vectors changes no distance.
  @Test(arguments: [
    "mean-normalized", "cls", "distilbert", "electra", "mpnet", "xlm-roberta", "modules", "static-embedding",
  ])
  func gradientsOfEachParameter(name: String) throws {
    let golden = try Golden(name)
    let outcome = try outcome(golden)
    #expect(relativeDistance([outcome.loss], try golden.values("loss")) <= 1e-5)
    let exact = try outcome.gradients.keys.map { ($0, try golden.values("gradient.\($0)")) }
    let norm = exact.reduce(0) { $0 + $1.1.reduce(0) { $0 + $1 * $1 } }.squareRoot()
    for (parameter, exact) in exact {
      let gradient = try #require(outcome.gradients[parameter])
      if exact.allSatisfy({ abs($0) <= 1e-12 * norm }) {
        #expect(ModelGradientTests.isKeyBias(parameter) || parameter == "encoder.layer.1.output.LayerNorm.bias")
        let length = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(length <= 1e-6 * norm, "\(parameter): \(length / norm) of all gradients")
      } else {
        let distance = relativeDistance(gradient, exact)
        #expect(distance <= 1e-5, "\(parameter) is off by \(distance)")
      }
    }
  }

  /// Numbers of 8 bits are off by up to 2^-9 each.
  @Test(arguments: ["mean-normalized", "distilbert", "mpnet"])
  func bfloat16GradientsAreNear(name: String) throws {
    let golden = try Golden(name)
    let outcome = try outcome(golden, precision: .bfloat16)
    #expect(relativeDistance([outcome.loss], try golden.values("loss")) <= 0.01)
    let names = outcome.gradients.keys.sorted()
    let gradients = names.flatMap { outcome.gradients[$0] ?? [] }
    let distance = relativeDistance(gradients, try names.flatMap { try golden.values("gradient.\($0)") })
    #expect(distance > 1e-4 && distance <= 0.02, "\(distance)")
    for kernels in Kernels.available {
      for (threads, pieceSize) in [(3, 17), (1, 1)] {
        let other = try self.outcome(
          golden, kernels: kernels, threads: threads, pieceSize: pieceSize, precision: .bfloat16)
        let whole = try self.outcome(golden, kernels: kernels, precision: .bfloat16)
        #expect(other == whole, "\(kernels.path), pieces of \(pieceSize)")
      }
    }
  }

  private static func isKeyBias(_ name: String) -> Bool {
    ["key.bias", "k_lin.bias", "attn.k.bias"].contains { name.hasSuffix($0) }
  }

  @Test(arguments: [
    "mean-normalized", "distilbert", "electra", "mpnet", "xlm-roberta", "modules", "static-embedding",
  ])
  func piecesThreadsAndPathsChangeNoBit(name: String) throws {
    let golden = try Golden(name)
    let whole = try outcome(golden)
    for kernels in Kernels.available {
      for (threads, pieceSize) in [(1, 17), (3, 17), (5, 17), (1, 1), (3, 8)] {
        let isSame = try outcome(golden, kernels: kernels, threads: threads, pieceSize: pieceSize) == whole
        #expect(isSame, "\(kernels.path), \(threads) threads, pieces of \(pieceSize)")
      }
    }
  }
}
