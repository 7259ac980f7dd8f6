// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTraining
import TestSupport
import Testing

struct BatchSamplerTests {
  /// Labels with 1 to 9 texts, in a mixed order.
  private func labels(_ count: Int, seed: UInt64) -> [Int] {
    var random = SplitMix64(seed: seed)
    return (0..<count).flatMap { Array(repeating: $0, count: 1 + ($0 + Int(seed)) % 9) }.shuffled(using: &random)
  }

  @Test(arguments: [(2, 2), (3, 4), (7, 5), (16, 4), (40, 3)])
  func noBatchHasALabelOrATextTwice(labelsPerBatch: Int, samplesPerLabel: Int) throws {
    let labels = labels(11, seed: 5)
    let counts = labels.reduce(into: [Int](repeating: 0, count: 11)) { $0[$1] += 1 }
    var sampler = try LabelSampler(
      labels: labels, labelsPerBatch: labelsPerBatch, samplesPerLabel: samplesPerLabel, seed: 3)
    for _ in 0..<500 {
      let batch = sampler.next()
      #expect(Set(batch).count == batch.count)
      let drawn = batch.reduce(into: [Int: Int]()) { $0[labels[$1], default: 0] += 1 }
      #expect(drawn.count == min(labelsPerBatch, 11))
      #expect(drawn.allSatisfy { $1 == min(counts[$0], samplesPerLabel) })
      // A label's texts lie together.
      #expect(zip(batch, batch.dropFirst()).count { labels[$0] != labels[$1] } == drawn.count - 1)
    }
  }

  /// Draws are without replacement: no label or text of a label is ever ahead of another by more than one deal.
  @Test func labelsAndTextsTakeTurns() throws {
    let labels = labels(10, seed: 2)
    var sampler = try LabelSampler(labels: labels, labelsPerBatch: 4, samplesPerLabel: 2, seed: 1)
    var drawn = [Int](repeating: 0, count: labels.count), deals = [Int](repeating: 0, count: 10)
    for _ in 0..<400 {
      let batch = sampler.next()
      for text in batch { drawn[text] += 1 }
      for label in Set(batch.map { labels[$0] }) { deals[label] += 1 }
      #expect(deals.max()! - deals.min()! <= 1)
      for label in 0..<10 {
        let times = labels.indices.filter { labels[$0] == label }.map { drawn[$0] }
        #expect(times.max()! - times.min()! <= 1)
      }
    }
    #expect(drawn.allSatisfy { $0 > 0 })
  }

  @Test func anEpochHasAsManyTextsAsTheData() throws {
    let labels = (0..<130).map { $0 % 13 }
    let sampler = try LabelSampler(labels: labels, labelsPerBatch: 8, samplesPerLabel: 4, seed: 0)
    #expect(sampler.batchesPerEpoch == 5)
    let ofFewerLabels = try LabelSampler(labels: labels, labelsPerBatch: 16, samplesPerLabel: 2, seed: 0)
    #expect(ofFewerLabels.batchesPerEpoch == 5, "a batch has 13 labels")
    #expect(RowSampler(count: 65, batchSize: 64, seed: 0).batchesPerEpoch == 2)
    #expect(RowSampler(count: 64, batchSize: 64, seed: 0).batchesPerEpoch == 1)
  }

  /// A batch size larger than the data takes all that there is.
  @Test(arguments: [(Int.max, Int.max), (2, Int.max), (1 << 32, 1 << 31), (Int.max, 2)])
  func hugeBatches(labelsPerBatch: Int, samplesPerLabel: Int) throws {
    let labels = (0..<12).map { $0 % 3 }
    var sampler = try LabelSampler(
      labels: labels, labelsPerBatch: labelsPerBatch, samplesPerLabel: samplesPerLabel, seed: 0)
    #expect(sampler.batchesPerEpoch == (samplesPerLabel == 2 ? 2 : 1))
    #expect(sampler.next().count == (labelsPerBatch == 2 ? 8 : samplesPerLabel == 2 ? 6 : 12))
    for batchSize in [Int.max, Int.max - 1, 1 << 62] {
      var rows = RowSampler(count: 5, batchSize: batchSize, seed: 0)
      #expect(rows.batchesPerEpoch == 1 && rows.next().count == 5 && rows.next().count == 5)
    }
  }

  @Test func positionIsTheWholeState() throws {
    let labels = labels(20, seed: 7)
    for seed in 0..<5 as Range<UInt64> {
      var whole: [any BatchSampler] = [
        try LabelSampler(labels: labels, labelsPerBatch: 6, samplesPerLabel: 3, seed: seed),
        RowSampler(count: 23, batchSize: 5, seed: seed),
      ]
      var resumed = whole
      for index in whole.indices {
        for _ in 0..<37 { _ = whole[index].next() }
        resumed[index].advance(to: 37)
        for _ in 0..<30 { #expect(whole[index].next() == resumed[index].next()) }
        #expect(whole[index].position == 67)
      }
    }
  }

  @Test func seedsDiffer() throws {
    let labels = labels(20, seed: 7)
    func batches(_ seed: UInt64) throws -> [[Int]] {
      var sampler = try LabelSampler(labels: labels, labelsPerBatch: 6, samplesPerLabel: 3, seed: seed)
      return (0..<5).map { _ in sampler.next() }
    }
    #expect(try batches(1) == batches(1))
    #expect(try batches(1) != batches(2))
  }

  @Test func eachEpochHasEachRowOnce() {
    var sampler = RowSampler(count: 23, batchSize: 5, seed: 4), epochs: [[Int]] = []
    for _ in 0..<4 {
      let batches = (0..<sampler.batchesPerEpoch).map { _ in sampler.next() }
      #expect(batches.map(\.count) == [5, 5, 5, 5, 3])
      epochs.append(batches.flatMap { $0 })
      #expect(epochs.last!.sorted() == Array(0..<23))
    }
    #expect(Set(epochs).count == 4)
  }

  @Test(
    arguments: [
      ([], 2, 2, .tooFewLabels(0, withTwoTexts: 0)),
      ([0, 0, 0], 2, 2, .tooFewLabels(1, withTwoTexts: 1)),
      ([0, 0, 1], 2, 2, .tooFewLabels(2, withTwoTexts: 1)),
      ([0, 0, 1, 1], 1, 2, .tooFewLabelsPerBatch(1)),
      ([0, 0, 1, 1], 2, 1, .tooFewSamplesPerLabel(1)),
    ] as [([Int], Int, Int, SamplerError)])
  func dataWithoutPositivesOrNegativesIsAnError(
    labels: [Int], labelsPerBatch: Int, samplesPerLabel: Int, expected: SamplerError
  ) throws {
    #expect(throws: expected) {
      _ = try LabelSampler(
        labels: labels, labelsPerBatch: labelsPerBatch, samplesPerLabel: samplesPerLabel, seed: 0)
    }
    #expect(!expected.description.contains("\n"))
  }
}
