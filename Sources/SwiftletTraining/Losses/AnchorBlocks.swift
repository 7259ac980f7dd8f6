// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The anchors of a large batch, in blocks that the processes of a group share. A loss that compares each anchor with the
/// whole batch then needs memory only for the comparisons of one block, and each process computes only its own blocks.
///
/// The terms of all blocks are joined in order. The gradients of several blocks are added as ``RoundedSums``, so they have
/// the same bits whatever the number of processes.
final class AnchorBlocks {
  private let group: any TrainingGroup

  /// The anchors of a block. A batch with no more is computed as a whole.
  private let size: Int

  /// The first error of the group. After it nothing is exchanged, and gradients are NaN.
  private(set) var failure: (any Error)?

  init(_ group: any TrainingGroup = SingleProcess(), size: Int = 1024) {
    self.group = group
    self.size = size
  }

  /// The number of blocks; 1 if the batch is computed as a whole, in every process.
  func count(of anchorCount: Int) -> Int { max(1, dividedRoundingUp(anchorCount, by: size)) }

  /// The blocks of this process. Those of all processes are consecutive.
  func own(of anchorCount: Int) -> [Range<Int>] {
    let count = count(of: anchorCount)
    return blocks(group.rank * count / group.count..<(group.rank + 1) * count / group.count, of: anchorCount)
  }

  private func blocks(_ numbers: Range<Int>, of anchorCount: Int) -> [Range<Int>] {
    numbers.map { $0 * size..<min(($0 + 1) * size, anchorCount) }
  }

  /// Numbers that belong to anchors, in their order: each process computes those of its own blocks.
  func numbers(of anchorCount: Int, _ body: (Range<Int>) -> [Int64]) -> [Int64] {
    if count(of: anchorCount) == 1 { return body(0..<anchorCount) }
    let all = joined(own(of: anchorCount).flatMap(body))
    // After an error the loss is discarded, but it still needs every number.
    return failure == nil ? all : blocks(0..<count(of: anchorCount), of: anchorCount).flatMap(body)
  }

  /// The numbers of all processes, in the order of their blocks; those of this one alone after an error.
  func joined(_ numbers: [Int64]) -> [Int64] {
    guard group.count > 1 else { return numbers }
    return exchange {
      var counts = [Int64](repeating: 0, count: group.count)
      counts[group.rank] = Int64(numbers.count)
      let sizes = try group.sums(counts).map { Int($0) }
      let before = sizes[..<group.rank].reduce(0, +), after = sizes[(group.rank + 1)...].reduce(0, +)
      // Each number is 0 in all processes but one.
      return try group.sums(
        Array(repeating: 0, count: before) + numbers + Array(repeating: 0, count: after))
    } ?? numbers
  }

  /// Joins floats in the same way.
  func joined(_ numbers: [Float]) -> [Float] {
    joined(numbers.map { Int64($0.bitPattern) }).map { Float(bitPattern: UInt32($0)) }
  }

  /// Adds the sums of all processes.
  func add(_ sums: RoundedSums) {
    _ = exchange { try sums.withMutableSpan { try group.sum(&$0) } }
  }

  /// Whether anything is true in any process.
  func isTrueAnywhere(_ flag: Bool) -> Bool { exchange { try group.isTrueAnywhere(flag) } ?? true }

  private func exchange<Result>(_ body: () throws -> Result) -> Result? {
    guard failure == nil else { return nil }
    do {
      return try body()
    } catch {
      failure = error
      return nil
    }
  }
}

extension AnchorwiseLoss where Batch == LabeledBatch {
  /// The mean of the terms of all anchors. More than 1,024 are computed in blocks, whose gradients are rounded to multiples of
  /// 2^-44 and added: for any number of processes the sum has the same bits.
  public func callAsFunction(_ batch: LabeledBatch) -> LossValue { mean(of: batch, batch.blocks) }
}

extension AnchorwiseLoss where Batch == RankingBatch {
  /// The mean of the terms of all anchors. More than 1,024 are computed in blocks, whose gradients are rounded to multiples of
  /// 2^-44 and added: for any number of processes the sum has the same bits.
  public func callAsFunction(_ batch: RankingBatch) -> LossValue { mean(of: batch, batch.blocks) }
}

extension AnchorwiseLoss where Batch: VectorBatch {
  fileprivate func mean(of batch: Batch, _ blocks: AnchorBlocks) -> LossValue {
    let blockCount = blocks.count(of: batch.anchorCount)
    if blockCount == 1 { return mean(of: batch) }
    var inputs: [Variable] = []
    _ = batch.mapVectors {
      inputs.append($0)
      return $0
    }
    let recording = Context.of(inputs), context = recording.with(nil)
    // Constants: variables on the tape would keep the tape alive.
    let constants = batch.mapVectors { context.constant($0.tensor) }
    let own = blocks.own(of: batch.anchorCount), parts = own.map { terms(constants, anchors: $0) }
    let values = blocks.joined(parts.flatMap(\.values.values))
    let operation = BlockMeanOperation(
      inputs: inputs.map(Operand.init), termCount: values.count, own: own, blockCount: blockCount, blocks: blocks
    ) { inputs, anchors in
      var inputs = inputs[...]
      return self.terms(constants.mapVectors { _ in inputs.removeFirst() }, anchors: anchors).values
    }
    let mean = context.constant(Tensor(values, shape: [values.count])).mean()
    return LossValue(
      recording.record(mean.tensor, operation),
      statistics: BatchStatistics(joining: parts.map(\.statistics), of: own.map(\.count), blocks))
  }
}

private struct BlockMeanOperation: Operation {
  let inputs: [Operand]
  let termCount: Int
  let own: [Range<Int>]
  let blockCount: Int
  let blocks: AnchorBlocks
  let terms: (_ inputs: [Variable], _ anchors: Range<Int>) -> Variable

  /// Computes each block again, on a tape of its own. With y = Σ t_i / n: dt_i = dy / n.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let kernels = pass.context.kernels, sums = inputs.map { RoundedSums(count: $0.tensor.count) }
    let limit = Float(RoundedSums.limit / Double(blockCount)).nextDown
    var lost = 0
    for anchors in own {
      let context = pass.context.with(Tape()), variables = inputs.map { context.input($0.tensor) }
      let values = terms(variables, anchors), ofValues = context.result(values.count)
      ofValues.vector.fill(gradient.vector[0] * (1 / Float(max(termCount, 1))))
      for (part, sum) in zip(context.backward(from: values, ofValues, at: variables), sums) {
        // What is moved becomes 0, and inputs may share a gradient.
        var part = part
        part.makeUnique(in: context.worker.workspace)
        lost += kernels.move(part.vector, to: sum, at: 0, limit: limit)
      }
    }
    for sum in sums { blocks.add(sum) }
    let isLost = blocks.isTrueAnywhere(lost > 0)
    for (input, sum) in zip(inputs, sums) {
      let total = pass.context.result(shape: input.tensor.shape)
      kernels.take(sum, at: 0, into: total.vector)
      if isLost { total.vector.fill(.nan) }
      pass.add(total, to: input)
    }
  }
}

extension BatchStatistics {
  /// The figures of several blocks' terms and anchors together.
  fileprivate init(joining parts: [BatchStatistics], of anchorCounts: [Int], _ blocks: AnchorBlocks) {
    func mean(_ figure: (BatchStatistics) -> Float?, _ count: (Counts) -> Int) -> Float? {
      let counts = zip(parts, anchorCounts).map { part, anchors in
        figure(part) == nil ? 0 : Int64(part.counts.map(count) ?? anchors)
      }
      let all = zip(blocks.joined(parts.map { figure($0) ?? 0 }), blocks.joined(counts))
      let sum = all.reduce(0) { $0 + Double($1.0) * Double($1.1) }, count = all.reduce(0) { $0 + $1.1 }
      return count == 0 ? nil : Float(sum / Double(count))
    }
    self.init(
      activeFraction: mean(\.activeFraction, \.terms), hardestPositive: mean(\.hardestPositive, \.positives),
      hardestNegative: mean(\.hardestNegative, \.negatives))
  }
}
