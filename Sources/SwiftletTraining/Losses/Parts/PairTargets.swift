// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// What the pairs of a batch shall be: alike where the target is 1, different where it is 0.
struct PairTargets {
  let values: [Float]

  /// - Parameters:
  ///   - first: `[N, D]`
  ///   - second: `[N, D]`
  init(_ values: [Float], of first: Variable, _ second: Variable) {
    precondition(
      first.tensor.shape == second.tensor.shape && first.tensor.shape[0] == values.count,
      "\(values.count) targets for pairs of \(first.tensor.shape) and \(second.tensor.shape)")
    self.values = values
  }

  /// y, `[N]`
  var variable: Variable { Variable(Tensor(values, shape: [values.count])) }

  /// 1 - y, `[N]`
  var complement: Variable { Variable(Tensor(values.map { 1 - $0 }, shape: [values.count])) }

  /// The pairs that shall be alike.
  var positives: [Int] { values.indices.filter { values[$0] == 1 } }

  /// The pairs that shall be different.
  var negatives: [Int] { values.indices.filter { values[$0] == 0 } }

  /// - Parameters:
  ///   - distances: `[N]`
  ///   - activeFraction: the share of pairs whose term is above 0.
  func statistics(distances: Variable, activeFraction: Float?) -> BatchStatistics {
    let distances = distances.tensor.values
    return BatchStatistics(
      activeFraction: activeFraction, hardestPositive: BatchStatistics.mean(positives.map { distances[$0] }),
      hardestNegative: BatchStatistics.mean(negatives.map { distances[$0] }))
  }
}
