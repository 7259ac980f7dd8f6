// SPDX-License-Identifier: Apache-2.0

import Autodiff
import BertEncoder
import Checkpoint
import FileFormats
import TensorCore
import TestSupport
import Testing
import WordPiece

/// The gradients of a whole encoder against PyTorch's in float64: Scripts/make_training_goldens.py.
@Suite struct ModelGradientTests {
  /// A golden: what the reference computed for the texts of a batch.
  private struct Golden {
    let name: String
    let margin: Double
    let reduction: Reduction
    let normalizes: Bool
    private let file: SafetensorsFile

    init(_ name: String, margin: Double, _ reduction: Reduction, normalizes: Bool) throws {
      (self.name, self.margin, self.reduction, self.normalizes) = (name, margin, reduction, normalizes)
      file = try SafetensorsFile(path: fixture("batch-hard/\(name).safetensors"))
    }

    func values<Number>(_ name: String, as zero: Number) throws -> [Number] {
      let tensor = try #require(file[name])
      var values = Array(repeating: zero, count: tensor.elementCount)
      try values.withUnsafeMutableBytes { try file.read(tensor, into: $0) }
      return values
    }

    /// The gradient of the mean over anchors a of max(0, |a - p| - |a - n| + margin) by all vectors.
    func vectorGradient(labels: [String]) throws -> [Double] {
      let vectors = try values("vectors", as: 0.0), width = vectors.count / labels.count
      let positives = try values("positives", as: Int64(0)), negatives = try values("negatives", as: Int64(0))
      var gradient = [Double](repeating: 0, count: vectors.count)
      func distance(_ i: Int, _ j: Int) -> Double {
        (0..<width).reduce(0) { sum, k in
          let difference = vectors[i * width + k] - vectors[j * width + k]
          return sum + difference * difference
        }.squareRoot()
      }
      func add(_ sign: Double, _ i: Int, _ j: Int) {
        let length = distance(i, j)
        for k in 0..<width {
          let slope = sign * (vectors[i * width + k] - vectors[j * width + k]) / length / Double(labels.count)
          gradient[i * width + k] += slope
          gradient[j * width + k] -= slope
        }
      }
      for anchor in labels.indices {
        let (positive, negative) = (Int(positives[anchor]), Int(negatives[anchor]))
        // A label's only text has no positive: its distance is 0.
        let isAlone = labels.count { $0 == labels[anchor] } == 1
        let near = isAlone ? 0 : distance(anchor, positive)
        guard near - distance(anchor, negative) + margin > 0 else { continue }
        if !isAlone { add(1, anchor, positive) }
        add(-1, anchor, negative)
      }
      return gradient
    }
  }

  private struct Outcome: Equatable {
    var vectors: [Float] = []
    var gradients: [[Float]] = []
  }

  private static let rows: (texts: [String], labels: [String]) = {
    let rows = (try? JSONParser.parse(file: fixture("batch-hard/batch.json"), limit: 1 << 20))?.array ?? []
    return (rows.compactMap { $0.object?["text"]?.string }, rows.compactMap { $0.object?["label"]?.string })
  }()

  private let folder = fixture("batch-hard/model")
  private let model: BertModel

  init() throws { model = BertModel(try BertConfiguration(folder: ModelFolder(path: folder))) }

  /// The vectors of the batch, and the gradients of all parameters for that of the vectors.
  private func outcome(
    _ golden: Golden, _ vectorGradient: [Double], kernels: Kernels = .best, threads: Int = 1, pieceSize: Int = 17
  ) throws -> Outcome {
    let (encoder, weights) = try SentenceEncoder.trainable(
      folder: folder, settings: EncoderSettings(threadCount: threads), kernels: kernels, dropout: 0)
    let gradients = Gradients(weights.layout)
    let texts = Self.rows.texts, width = vectorGradient.count / texts.count
    nonisolated(unsafe) var outcome = Outcome()
    let batches = try stride(from: 0, to: texts.count, by: pieceSize).map { first in
      var batch = TokenBatch()
      for text in texts[first..<min(first + pieceSize, texts.count)] {
        try encoder.tokenizer.append(text, to: &batch, maxLength: encoder.maxLength)
      }
      return batch
    }
    ThreadPool(threadCount: threads).run(count: 1) { _, worker in
      worker.withTeam { worker in
        let read = weights.forModel(worker)
        for batch in batches {
          let context = Context(weights: read, worker: worker, tape: Tape())
          let ranges = (0..<batch.sequenceCount).map(batch.tokenRange)
          let pooled = context.pooled(model(batch, in: context), over: ranges, [golden.reduction])
          let vectors = golden.normalizes ? context.normalized(pooled) : pooled
          let done = outcome.vectors.count
          let gradient = vectorGradient[done..<done + ranges.count * width].map { Float($0) }
          outcome.vectors += vectors.tensor.values
          _ = context.backward(from: vectors, Tensor(gradient, shape: [ranges.count, width]), into: gradients)
        }
      }
    }
    outcome.gradients = model.parameters.parameters.map(gradients.values)
    return outcome
  }

  private func golden(_ name: String) throws -> Golden {
    switch name {
    case "cls": try Golden(name, margin: 5, .first, normalizes: false)
    default: try Golden(name, margin: 0.3, .mean, normalizes: true)
    }
  }

  /// ‖g - g64‖ <= 1e-5 ‖g64‖ for each parameter but those whose gradient is 0 by their place in the model: a key's bias
  /// adds the same to all scores of a query, and a shift of all vectors changes no distance.
  @Test(arguments: ["mean-normalized", "cls"]) func gradientsOfEachParameter(name: String) throws {
    let golden = try golden(name)
    let outcome = try outcome(golden, golden.vectorGradient(labels: Self.rows.labels))
    #expect(relativeDistance(outcome.vectors, try golden.values("vectors", as: 0.0)) <= 1e-6)
    let exact = try model.parameters.parameters.map { try golden.values("gradient.\($0.name)", as: 0.0) }
    let norm = exact.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
    for (parameter, (gradient, exact)) in zip(model.parameters.parameters, zip(outcome.gradients, exact)) {
      if exact.allSatisfy({ abs($0) <= 1e-12 * norm }) {
        #expect(parameter.name.hasSuffix("key.bias") || parameter.name == "encoder.layer.1.output.LayerNorm.bias")
        let length = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(length <= 1e-6 * norm, "\(parameter.name): \(length / norm) of all gradients")
      } else {
        let distance = relativeDistance(gradient, exact)
        #expect(distance <= 1e-5, "\(parameter.name) is off by \(distance)")
      }
    }
  }

  @Test func piecesThreadsAndPathsChangeNoBit() throws {
    let golden = try golden("mean-normalized")
    let vectorGradient = try golden.vectorGradient(labels: Self.rows.labels)
    let whole = try outcome(golden, vectorGradient)
    for kernels in Kernels.available {
      for (threads, pieceSize) in [(1, 17), (3, 17), (5, 17), (1, 1), (3, 8)] {
        let other = try outcome(golden, vectorGradient, kernels: kernels, threads: threads, pieceSize: pieceSize)
        let isSame = other == whole
        #expect(isSame, "\(kernels.path), \(threads) threads, pieces of \(pieceSize)")
      }
    }
  }
}
