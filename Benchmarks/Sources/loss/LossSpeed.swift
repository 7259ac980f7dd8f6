// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Swiftlet

/// Times losses of random vectors with their gradients, on all processors.
@main struct LossSpeed: ParsableCommand {
  @Option(help: "The vectors of a batch.") var batch: [Int] = [1024, 4096, 16384]
  @Option(help: "Their features.") var dimension = 384
  @Option(help: "The vectors of each label.") var samplesPerLabel = 16
  @Option(help: "How often each is timed; the best counts.") var passes = 3

  func run() throws {
    for batch in batch {
      let vectors = Tensor(
        (0..<batch * dimension).map { _ in Float.random(in: -1...1) }, shape: [batch, dimension])
      let labels = (0..<batch).map { $0 / samplesPerLabel }
      let half = batch / 2 * dimension
      let anchors = Tensor(Array(vectors.values[..<half]), shape: [batch / 2, dimension])
      let positives = Tensor(Array(vectors.values[half..<2 * half]), shape: [batch / 2, dimension])
      try time("batch-hard-triplet", batch) {
        _ = try BatchHardTripletLoss(margin: 5).evaluate(vectors, labels: labels)
      }
      try time("batch-semi-hard-triplet", batch) {
        _ = try BatchSemiHardTripletLoss(margin: 5).evaluate(vectors, labels: labels)
      }
      try time("multiple-negatives-ranking", batch) {
        _ = try MultipleNegativesRankingLoss().evaluate(
          anchors: anchors, positives: positives, classes: Array(labels[..<(batch / 2)]))
      }
    }
  }

  private func time(_ name: String, _ batch: Int, _ work: () throws -> Void) rethrows {
    let seconds = try (0..<passes).map { _ in try ContinuousClock().measure(work) / .seconds(1) }.min() ?? .nan
    print("\(name), \(batch) vectors of \(dimension): \(Int((seconds * 1000).rounded())) ms")
  }
}
