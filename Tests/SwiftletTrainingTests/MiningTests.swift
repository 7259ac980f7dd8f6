// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import TestSupport
import Testing

@testable import SwiftletTraining

@Suite struct MiningTests {
  private let labels = [0, 0, 1, 1, 2, 2, 2, 3]

  private func vectors(_ count: Int, seed: UInt64 = 1) -> Tensor {
    var generator = SplitMix64(seed: seed)
    return Tensor((0..<count * 5).map { _ in Float.random(in: -1...1, using: &generator) }, shape: [count, 5])
  }

  private func plan(
    _ miner: TripletMiner, _ rows: [Int], batch: Int = 0, _ vectors: Tensor, _ blocks: AnchorBlocks = AnchorBlocks()
  ) -> TripletIndices {
    nonisolated(unsafe) var triplets = TripletIndices()
    ThreadPool(threadCount: 1).run(count: 1) { _, worker in
      let variable = Context(kernels: .best, worker: worker).constant(vectors)
      triplets = miner.plan(rows, batchNumber: batch).triplets(variable, blocks)
    }
    return triplets
  }

  private func squaredDistance(_ vectors: Tensor, _ i: Int, _ j: Int) -> Double {
    (0..<5).reduce(0) { sum, k in
      let difference = Double(vectors[i, k]) - Double(vectors[j, k])
      return sum + difference * difference
    }
  }

  @Test func inBatchTakesTheNearestOfOtherLabels() {
    let miner = TripletMiner(labels: labels, mining: .inBatch, negativesPerAnchor: 2, seed: 3)
    let rows = [6, 0, 2, 3, 1, 4], vectors = vectors(rows.count)
    let triplets = plan(miner, rows, vectors)
    #expect(triplets.anchors == [0, 1, 2, 3, 4, 5])
    for (index, anchor) in triplets.anchors.enumerated() {
      let label = labels[rows[anchor]], positive = triplets.positives[index]
      #expect(positive != anchor && labels[rows[positive]] == label)
      let others = rows.indices.filter { labels[rows[$0]] != label }.sorted {
        squaredDistance(vectors, anchor, $0) < squaredDistance(vectors, anchor, $1)
      }
      #expect(Array(triplets.negatives[2 * index..<2 * index + 2]) == Array(others[0..<2]))
    }
  }

  @Test func blocksOfAnchorsMineTheSame() {
    let count = 40, labels = (0..<count).map { $0 % 7 }, vectors = vectors(count)
    let miner = TripletMiner(labels: labels, mining: .inBatch, negativesPerAnchor: 3, seed: 3)
    let whole = plan(miner, Array(0..<count), vectors)
    #expect(plan(miner, Array(0..<count), vectors, AnchorBlocks(size: 9)) == whole)
  }

  /// Of equally near negatives the first in the batch is taken; if there are too few, the farthest is repeated.
  @Test func inBatchAmongManyAndAmongFew() {
    let count = 40, labels = (0..<count).map { $0 % 7 }
    let vectors = Tensor((0..<count * 5).map { Float($0 / 5 * 31 % 11) }, shape: [count, 5])
    let distances = (0..<count).map { i in (0..<count).map { squaredDistance(vectors, i, $0) } }
    for wanted in [1, 3, 20, 60] {
      let triplets = plan(
        TripletMiner(labels: labels, mining: .inBatch, negativesPerAnchor: wanted, seed: 3), Array(0..<count), vectors)
      #expect(triplets.anchors == Array(0..<count))
      for anchor in 0..<count {
        let others = (0..<count).filter { labels[$0] != labels[anchor] }.sorted {
          (distances[anchor][$0], $0) < (distances[anchor][$1], $1)
        }
        let expected = (0..<wanted).map { others[min($0, others.count - 1)] }
        #expect(Array(triplets.negatives[anchor * wanted..<(anchor + 1) * wanted]) == expected)
      }
    }
  }

  @Test func randomNegativesHaveOtherLabelsAndFollowFromTheBatchNumber() {
    let miner = TripletMiner(labels: labels, mining: .random, negativesPerAnchor: 3, seed: 3)
    let rows = [0, 1, 4, 5, 7], plan = miner.plan(rows, batchNumber: 5)
    // Text 7 has no positive.
    #expect(plan.extraRows.count == 4 * 3)
    for (index, row) in plan.extraRows.enumerated() { #expect(labels[row] != labels[rows[index / 3]]) }
    #expect(miner.plan(rows, batchNumber: 5).extraRows == plan.extraRows)
    #expect(miner.plan(rows, batchNumber: 6).extraRows != plan.extraRows)
  }

  @Test func everyTextOfAnotherLabelIsDrawn() {
    let miner = TripletMiner(labels: labels, mining: .random, negativesPerAnchor: 1, seed: 3)
    let drawn = Set((0..<300).flatMap { miner.plan([0, 1], batchNumber: $0).extraRows })
    #expect(drawn == Set(2..<8))
  }

  /// All cosines in double.
  private func cosines(_ vectors: Tensor) -> [[Double]] {
    let rows = (0..<vectors.shape[0]).map { row in (0..<5).map { Double(vectors[row, $0]) } }
    let lengths = rows.map { row in row.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    return rows.indices.map { i in
      rows.indices.map { j in zip(rows[i], rows[j]).reduce(0) { $0 + $1.0 * $1.1 } / (lengths[i] * lengths[j]) }
    }
  }

  @Test(arguments: [nil, Float(0.1)], [nil, Float(0.2)])
  func offlineFindsWhatASearchOfAllFinds(margin: Float?, relativeMargin: Float?) {
    let count = 60, labels = (0..<count).map { $0 * 7 % 11 }, vectors = vectors(count), cosines = cosines(vectors)
    var settings = Mining.OfflineSettings()
    settings.margin = margin
    settings.relativeMargin = relativeMargin
    let mined = HardNegatives(vectors, labels: labels, count: 4, settings, on: ThreadPool(threadCount: 2))
    for anchor in 0..<count {
      let positive =
        labels.indices.filter { $0 != anchor && labels[$0] == labels[anchor] }
        .map { cosines[anchor][$0] }.max() ?? 1
      let limit = min(
        margin.map { positive - Double($0) } ?? 2, relativeMargin.map { positive * (1 - Double($0)) } ?? 2)
      let nearest = labels.indices.filter { labels[$0] != labels[anchor] && cosines[anchor][$0] <= limit }
        .sorted { cosines[anchor][$0] > cosines[anchor][$1] }
      #expect(mined.rows[anchor] == Array(nearest.prefix(4)), "\(anchor)")
    }
    #expect(HardNegatives(mined.json) == mined)
  }

  @Test func anchorsWithTooFewNegativesRepeatTheNearest() {
    var miner = TripletMiner(labels: labels, mining: .offline(Mining.OfflineSettings()), negativesPerAnchor: 2, seed: 0)
    miner.hardNegatives = HardNegatives(
      .array([
        .array([]), .array([.number(.init(5))]), .array([.number(.init(0)), .number(.init(7))]), .array([]),
      ]))
    let plan = miner.plan([0, 1, 2, 3], batchNumber: 0)
    #expect(plan.extraRows == [5, 5, 0, 7])
  }
}
