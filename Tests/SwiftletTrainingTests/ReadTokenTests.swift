// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

@testable import SwiftletEncoders

/// Where only one token of each text is read, the last layer computes it alone: with the same bits, and the same gradients.
@Suite struct ReadTokenTests {
  private static let folders =
    ["batch-hard/model"] + ["distilbert", "electra", "mpnet", "xlm-roberta"].map { "architectures/\($0)/model" }
  private static let texts = ["the cat sat on the mat", "a", "", "12 dogs ran and ran and ran", "the mat, the mat"]

  private struct Case: CustomTestStringConvertible, Sendable {
    let folder: String
    let mode: PoolingMode
    var testDescription: String { "\(folder), \(mode)" }
  }

  private static let cases = folders.flatMap { folder in
    [PoolingMode.cls, .lastToken].map { Case(folder: folder, mode: $0) }
  }

  /// With another mode beside it all tokens are read.
  @Test(arguments: cases) private func vectorsHaveTheSameBits(of test: Case) throws {
    for precision in Precision.allCases {
      func vectors(_ modes: [PoolingMode], threads: Int) throws -> Tensor {
        let settings = EncoderSettings(pooling: modes, normalize: false, precision: precision, threadCount: threads)
        return try SentenceEncoder(folder: fixture(test.folder), settings: settings).encode(Self.texts).tensor
      }
      let all = try vectors([test.mode, .mean], threads: 1).matrix
      for threads in [1, 3] {
        let read = try vectors([test.mode], threads: threads).matrix
        for row in 0..<all.rows {
          let expected = all.row(row)[0..<read.columns].values
          #expect(read.row(row).values.map(\.bitPattern) == expected.map(\.bitPattern), "\(precision), text \(row)")
        }
      }
    }
  }

  @Test(arguments: cases) private func gradientsAreTheSame(of test: Case) throws {
    let folder = try ModelFolder(path: fixture(test.folder))
    func gradients(_ modes: [PoolingMode], dropout: Float?, kernels: Kernels, threads: Int) throws -> [Float] {
      let settings = EncoderSettings(pooling: modes, normalize: false)
      let encoder = try EncoderPipeline(folder, settings: settings, dropout: dropout)
      let weights = try encoder.trainableWeights(kernels: kernels), gradients = Gradients(weights.layout)
      var tokens = TokenBatch()
      for text in Self.texts { try encoder.tokenizer.append(text, to: &tokens, maxLength: encoder.maxLength) }
      ThreadPool(threadCount: threads).run(count: 1) { [tokens] _, worker in
        worker.withTeam { worker in
          let context = Context(
            weights: weights.forModel(worker), worker: worker, tape: Tape(),
            dropout: DropoutMasks(Philox(seed: 3), batch: 0, firstText: 0))
          let vectors = encoder.vectors(tokens, in: context)
          let width = folder.transformer.configuration.hiddenSize
          let read = vectors.columns(0..<width)
          var random = SplitMix64(seed: 5)
          let factors = (0..<read.count).map { _ in Float.random(in: -1...1, using: &random) }
          _ = context.backward(from: read, Tensor(factors, shape: read.shape), into: gradients)
        }
      }
      return weights.layout.list.parameters.flatMap { gradients.values(of: $0) }
    }
    for dropout: Float in [0, 0.2] {
      let all = try gradients([test.mode, .mean], dropout: dropout, kernels: .best, threads: 1)
      #expect(all.contains { $0 != 0 })
      for kernels in Kernels.available {
        for threads in [1, 3] {
          #expect(try gradients([test.mode], dropout: dropout, kernels: kernels, threads: threads) == all)
        }
      }
    }
  }
}
