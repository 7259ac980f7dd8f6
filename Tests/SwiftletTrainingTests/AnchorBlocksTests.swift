// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import TestSupport
import Testing

@testable import SwiftletTraining

/// Losses of large batches, whose anchors several processes share; here they are threads.
@Suite struct AnchorBlocksTests {
  private static let count = 50, size = 8
  /// The last ones occur once.
  private let labels = (0..<AnchorBlocksTests.count).map { $0 < 40 ? $0 % 9 : $0 }

  private var vectors: Tensor {
    var generator = SplitMix64(seed: 5)
    return Tensor(
      (0..<AnchorBlocksTests.count * 12).map { _ in Float.random(in: -1...1, using: &generator) },
      shape: [AnchorBlocksTests.count, 12])
  }

  static let losses: [any Loss<LabeledBatch>] = [
    BatchHardTripletLoss(margin: 0.5), BatchHardSoftMarginTripletLoss(distance: .cosine),
    BatchSemiHardTripletLoss(margin: 0.5), FaceNetSemiHardTripletLoss(distance: .squaredEuclidean, margin: 0.5),
    MatryoshkaLoss(BatchHardTripletLoss(margin: 0.5), dimensions: try! MatryoshkaDimensions([4, 12], of: 12)),
    Rankings(), Rankings(isSymmetric: true),
  ]

  /// A ranking loss of the first rows with the next ones as positives and the others as negatives.
  struct Rankings: Loss {
    var isSymmetric = false

    func callAsFunction(_ batch: LabeledBatch) -> LossValue {
      var ranking = RankingBatch(
        anchors: batch.vectors.rows(0..<20), positives: batch.vectors.rows(20..<40),
        negatives: batch.vectors.rows(40..<50), classes: Array(batch.labels[0..<20]) + batch.labels[40..<50])
      ranking.blocks = batch.blocks
      return isSymmetric ? MultipleNegativesSymmetricRankingLoss()(ranking) : MultipleNegativesRankingLoss()(ranking)
    }
  }

  private func evaluate(_ loss: any Loss<LabeledBatch>, _ blocks: AnchorBlocks, _ worker: Worker) -> LossEvaluation {
    LossEvaluation(at: [vectors], in: Context(kernels: .best, worker: worker, tape: Tape())) {
      var batch = LabeledBatch(vectors: $0[0], labels: labels)
      batch.blocks = blocks
      return loss(batch)
    }
  }

  /// The results of each process.
  private func evaluate(_ loss: any Loss<LabeledBatch>, processes: Int, size: Int) async -> [LossEvaluation] {
    await withTaskGroup(of: LossEvaluation.self) { tasks in
      for member in ThreadGroup(count: processes).members {
        tasks.addTask {
          await ThreadPool(threadCount: 1).perform { evaluate(loss, AnchorBlocks(member, size: size), $0) }
        }
      }
      return await tasks.reduce(into: []) { $0.append($1) }
    }
  }

  private func bits(_ evaluation: LossEvaluation) -> [UInt32] {
    ([evaluation.value] + evaluation.gradients[0].values).map(\.bitPattern)
  }

  @Test(arguments: losses.indices)
  func theNumberOfProcessesChangesNoBit(loss: Int) async throws {
    let loss = AnchorBlocksTests.losses[loss]
    let whole = try #require(await evaluate(loss, processes: 1, size: 1000).first)
    let alone = try #require(await evaluate(loss, processes: 1, size: AnchorBlocksTests.size).first)
    #expect(alone.value == whole.value)
    let exact = whole.gradients[0].values.map(Double.init)
    #expect(relativeDistance(alone.gradients[0].values, exact) <= 1e-6)
    for processes in [2, 3, 9] {
      for evaluation in await evaluate(loss, processes: processes, size: AnchorBlocksTests.size) {
        #expect(bits(evaluation) == bits(alone) && evaluation.statistics == alone.statistics, "\(processes)")
      }
    }
  }

  @Test(arguments: losses.indices)
  func statisticsAreThoseOfTheWhole(loss: Int) async throws {
    let loss = AnchorBlocksTests.losses[loss]
    let whole = try #require(await evaluate(loss, processes: 1, size: 1000).first).statistics
    let parts = try #require(await evaluate(loss, processes: 1, size: 8).first).statistics
    for figure in [\BatchStatistics.activeFraction, \.hardestPositive, \.hardestNegative] {
      let whole = try #require(whole[keyPath: figure]), part = try #require(parts[keyPath: figure])
      #expect(abs(whole - part) <= 1e-6 * abs(whole))
    }
  }

  /// The sum of two inputs: its gradient is that of both, in the same memory.
  private struct SumOfInputs: AnchorwiseLoss {
    func terms(_ batch: RankingBatch, anchors: Range<Int>) -> LossTerms {
      let sum = batch.anchors + batch.positives
      return LossTerms(sum.rows(anchors).dotProducts(with: sum.rows(anchors)))
    }
  }

  @Test func inputsThatShareAGradient() async {
    await ThreadPool(threadCount: 1).perform { worker in
      func gradients(_ size: Int) -> [Tensor] {
        let half = Tensor(Array(vectors.values[..<(25 * 12)]), shape: [25, 12])
        return LossEvaluation(at: [half, half], in: Context(kernels: .best, worker: worker, tape: Tape())) {
          var batch = RankingBatch(anchors: $0[0], positives: $0[1])
          batch.blocks = AnchorBlocks(size: size)
          return SumOfInputs()(batch)
        }.gradients
      }
      let whole = gradients(1000), blocks = gradients(8)
      for (whole, blocks) in zip(whole, blocks) {
        let isNear = relativeDistance(blocks.values, whole.values.map(Double.init)) <= 1e-6
        #expect(isNear)
      }
    }
  }

  /// A group whose network fails.
  private struct BrokenGroup: TrainingGroup {
    struct Failure: Error {}
    let rank = 0, place = ""
    let count: Int
    func gather(_ part: RawSpan, counts: [Int], into all: inout MutableRawSpan) throws { throw Failure() }
    func sum(_ numbers: inout MutableSpan<Int64>) throws { throw Failure() }
  }

  /// One process with blocks, and one without.
  @Test(arguments: [2, 100]) func aGroupsErrorIsKeptAndNothingMoreIsExchanged(processes: Int) async {
    let failure = await ThreadPool(threadCount: 1).perform { worker in
      let blocks = AnchorBlocks(BrokenGroup(count: processes), size: AnchorBlocksTests.size)
      #expect(blocks.numbers(of: 50) { $0.map { Int64($0) } } == Array(0..<50))
      let evaluation = evaluate(BatchHardTripletLoss(), blocks, worker)
      let areAllNaN = evaluation.gradients[0].values.allSatisfy(\.isNaN)
      #expect(areAllNaN)
      return blocks.failure
    }
    #expect(failure is BrokenGroup.Failure)
  }
}
