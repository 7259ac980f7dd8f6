// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff
import SwiftletTensors

/// A batch of pairs of vectors with a target similarity each.
public struct PairBatch: AnchoredBatch, VectorBatch {
  /// `[N, D]`
  public let first: Variable

  /// `[N, D]`; row i forms a pair with row i of `first`.
  public let second: Variable

  /// The target of each pair: 1 for similar and 0 for not, or a score.
  public let targets: [Float]

  /// Creates pairs row by row.
  public init(first: Variable, second: Variable, targets: [Float]) {
    precondition(
      first.shape == second.shape && first.shape.first == targets.count,
      "\(targets.count) targets for pairs of \(first.shape) and \(second.shape)")
    self.first = first
    self.second = second
    self.targets = targets
  }

  /// Each pair is an anchor.
  public var anchorCount: Int { targets.count }

  /// Returns the batch with transformed vectors.
  public func mapVectors(_ transform: (Variable) -> Variable) -> PairBatch {
    PairBatch(first: transform(first), second: transform(second), targets: targets)
  }
}

extension PairBatch {
  /// The pairs of a range.
  func pairs(_ range: Range<Int>) -> PairBatch {
    PairBatch(first: first.rows(range), second: second.rows(range), targets: Array(targets[range]))
  }

  /// y, `[N]`
  var y: Variable { Variable(Tensor(targets, shape: [targets.count])) }

  /// The pairs with the target 1.
  var positives: [Int] { targets.indices.filter { targets[$0] == 1 } }

  /// The pairs with the target 0.
  var negatives: [Int] { targets.indices.filter { targets[$0] == 0 } }

  /// - Parameters:
  ///   - distances: `[N]`
  ///   - activeFraction: the fraction of pairs whose term is above 0.
  func statistics(distances: Variable, activeFraction: Float?) -> BatchStatistics {
    let distances = distances.values
    return BatchStatistics(
      activeFraction: activeFraction, hardestPositive: BatchStatistics.mean(positives.map { distances[$0] }),
      hardestNegative: BatchStatistics.mean(negatives.map { distances[$0] }))
  }
}
