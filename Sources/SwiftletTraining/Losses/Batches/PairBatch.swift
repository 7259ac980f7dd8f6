// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// Pairs of vectors, each with a number that says how alike its two shall be.
public struct PairBatch: AnchoredBatch, VectorBatch {
  /// `[N, D]`
  public let first: Variable

  /// `[N, D]`; row i makes a pair with row i of `first`.
  public let second: Variable

  /// One a pair: 1 for alike and 0 for not, or a score.
  public let targets: [Float]

  /// Pairs, row by row.
  public init(first: Variable, second: Variable, targets: [Float]) {
    precondition(
      first.shape == second.shape && first.shape.first == targets.count,
      "\(targets.count) targets for pairs of \(first.shape) and \(second.shape)")
    self.first = first
    self.second = second
    self.targets = targets
  }

  /// Each pair counts as an anchor.
  public var anchorCount: Int { targets.count }

  /// The batch with other vectors.
  public func mapVectors(_ transform: (Variable) -> Variable) -> PairBatch {
    PairBatch(first: transform(first), second: transform(second), targets: targets)
  }
}

extension PairBatch {
  /// Some pairs.
  func pairs(_ range: Range<Int>) -> PairBatch {
    PairBatch(first: first.rows(range), second: second.rows(range), targets: Array(targets[range]))
  }

  /// y, `[N]`
  var y: Variable { Variable(Tensor(targets, shape: [targets.count])) }

  /// The pairs that shall be alike.
  var positives: [Int] { targets.indices.filter { targets[$0] == 1 } }

  /// The pairs that shall be different.
  var negatives: [Int] { targets.indices.filter { targets[$0] == 0 } }

  /// - Parameters:
  ///   - distances: `[N]`
  ///   - activeFraction: the share of pairs whose term is above 0.
  func statistics(distances: Variable, activeFraction: Float?) -> BatchStatistics {
    let distances = distances.values
    return BatchStatistics(
      activeFraction: activeFraction, hardestPositive: BatchStatistics.mean(positives.map { distances[$0] }),
      hardestNegative: BatchStatistics.mean(negatives.map { distances[$0] }))
  }
}
