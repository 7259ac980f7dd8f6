// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

@testable import SwiftletTraining

/// The gradients of batches of several blocks.
@Suite struct BlockGradientTests {
  private let encoder: EncoderPipeline
  private let texts: [String]

  /// With a model and a file of texts in the environment, the long form: SWIFTLET_GRADIENT_MODEL=… SWIFTLET_GRADIENT_TEXTS=…
  /// swift test -c release -Xswiftc -enable-testing --filter roundingErrors
  init() throws {
    let environment = ProcessInfo.processInfo.environment
    let folder = try ModelFolder(path: environment["SWIFTLET_GRADIENT_MODEL"] ?? fixture("batch-hard/model"))
    encoder = try EncoderPipeline(folder, settings: EncoderSettings(), dropout: 0)
    let lines = try environment["SWIFTLET_GRADIENT_TEXTS"].map {
      try String(contentsOfFile: $0, encoding: .utf8).split(separator: "\n").map(String.init)
    }
    let few = try lines ?? TrainerTests.texts().texts
    texts = (0..<150).map { "\(few[$0 % few.count]) \($0)" }
  }

  private func tokens(_ texts: ArraySlice<String>) throws -> TokenBatch {
    var batch = TokenBatch()
    for text in texts { try encoder.tokenizer.append(text, to: &batch, maxLength: encoder.maxLength) }
    return batch
  }

  private struct Outcome {
    /// Of all parameters, one after the other.
    var gradients: [Float] = []
    var isFinite = true

    var bits: [UInt32] { gradients.map(\.bitPattern) }
  }

  /// The gradient of the sum of all elements of all vectors, each times a random number.
  ///
  /// - Parameters:
  ///   - batches: the texts of each; the update has 3 blocks.
  ///   - factor: of the gradients.
  ///   - sums: whether blocks are summed as integers, not token by token over all.
  private func outcome(
    batches: [Range<Int>], factor: Float = 1, sums: Bool = true, kernels: Kernels = .best, threads: Int = 2,
    pieceSize: Int = 64
  ) throws -> Outcome {
    let weights = try encoder.trainableWeights(kernels: kernels), gradients = Gradients(weights.layout)
    let sum = sums ? GradientSum(of: gradients) : nil
    sum?.begin(blockCount: 3)
    var random = SplitMix64(seed: 7)
    let width = encoder.dimension
    let numbers = (0..<texts.count * width).map { _ in Float.random(in: -1...1, using: &random) }
    let factors = numbers.map { $0 * factor }
    let tokens = try batches.map { try self.tokens(texts[$0]) }
    nonisolated(unsafe) var isFinite = true
    ThreadPool(threadCount: threads).run(count: 1) { [encoder] _, worker in
      worker.withTeam { worker in
        for (texts, tokens) in zip(batches, tokens) {
          let pass = BatchGradient(
            encoder: encoder, weights: weights.forModel(worker), pieceSize: pieceSize, dropout: Philox(seed: 0),
            batchNumber: 0)
          let part = Variable(
            Tensor(Array(factors[texts.lowerBound * width..<texts.upperBound * width]), shape: [texts.count, width]))
          _ = try? pass.add(
            tokens, loss: { LossValue(($0.vectors * part).sum()) }, share: 1, to: gradients, sum, SingleProcess(),
            worker)
        }
        if let sum { isFinite = sum.take(kernels: kernels, worker: worker) }
      }
    }
    return Outcome(
      gradients: weights.layout.list.parameters.flatMap { gradients.values(of: $0) }, isFinite: isFinite)
  }

  @Test func blocksInAnyOrderPiecesThreadsAndPathsGiveTheSameBits() throws {
    let whole = try outcome(batches: [0..<150])
    #expect(whole.isFinite)
    for batches in [[0..<64, 64..<128, 128..<150], [128..<150, 0..<64, 64..<128]] {
      #expect(try outcome(batches: batches).bits == whole.bits, "\(batches)")
    }
    for kernels in Kernels.available {
      for (threads, pieceSize) in [(1, 64), (3, 150), (2, 7), (5, 100)] {
        let other = try outcome(batches: [0..<150], kernels: kernels, threads: threads, pieceSize: pieceSize)
        let isSame = other.bits == whole.bits
        #expect(isSame, "\(kernels.path), \(threads) threads, pieces of \(pieceSize)")
      }
    }
  }

  /// Sums of blocks are no further from the exact sum than sums over all tokens.
  @Test func roundingErrorsAreNotLarger() throws {
    var exact = [Double](repeating: 0, count: try outcome(batches: [0..<1]).gradients.count)
    for text in 0..<150 {
      let gradients = try outcome(batches: [text..<text + 1], sums: false).gradients
      for index in exact.indices { exact[index] += Double(gradients[index]) }
    }
    let chain = try relativeDistance(outcome(batches: [0..<150], sums: false).gradients, exact)
    let blocks = try relativeDistance(outcome(batches: [0..<150]).gradients, exact)
    print("relative error of the gradient: \(blocks) in blocks, \(chain) token by token")
    #expect(0 < blocks && blocks < chain && chain < 1e-5)
  }

  @Test func aNumberThatIsTooLargeIsNoticed() throws {
    #expect(try !outcome(batches: [0..<150], factor: 1e7).isFinite)
    #expect(try !outcome(batches: [0..<150], factor: .infinity).isFinite)
  }
}
