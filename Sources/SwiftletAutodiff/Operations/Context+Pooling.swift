// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// How the vectors of n tokens, h_1 to h_n, become one.
package enum Reduction: Sendable {
  /// h_1
  case first
  /// h_n
  case last
  /// The largest of each feature; NaN if one is NaN.
  case max
  /// Σ h_t / n
  case mean
  /// Σ h_t / √n
  case meanSqrtLength
  /// Σ t h_t / Σ t
  case weightedMean
}

extension Context {
  /// The tokens of each range reduced to a vector: `[tokens, features]` to `[ranges, features reductions]`, the
  /// reductions side by side in the order given. No range is empty.
  ///
  /// - Parameter skipped: how many of each range's first tokens are left out, but never its last; they count for t.
  ///   nil: none.
  package func pooled(
    _ x: Variable, over ranges: [Range<Int>], skipping skipped: [Int]? = nil, _ reductions: [Reduction]
  ) -> Variable {
    let features = x.tensor.shape[1]
    let skipped = skipped ?? Array(repeating: 0, count: ranges.count)
    precondition(skipped.count == ranges.count, "\(skipped.count) counts of skipped tokens for \(ranges.count) ranges")
    let y = result(ranges.count, features * reductions.count)
    for (index, range) in ranges.enumerated() {
      precondition(!range.isEmpty && range.upperBound <= x.tensor.shape[0], "no tokens to pool in \(range)")
      let first = min(skipped[index], range.count - 1)
      let rows = x.tensor.matrix.rows(range.lowerBound + first..<range.upperBound), vector = y.matrix.row(index)
      for (order, reduction) in reductions.enumerated() {
        reduce(
          rows, first..<range.count, reduction, into: vector[order * features..<(order + 1) * features])
      }
    }
    return record(y, PoolingOperation(input: Operand(x), ranges: ranges, skipped: skipped, reductions: reductions))
  }

  /// - Parameter places: those of the rows in their text, from 0.
  private func reduce(_ rows: MatrixView, _ places: Range<Int>, _ reduction: Reduction, into vector: VectorView) {
    let length = places.count
    switch reduction {
    case .first: vector.copy(from: rows.row(0))
    case .last: vector.copy(from: rows.row(length - 1))
    case .max: kernels.maxRows(rows, into: vector)
    case .mean, .meanSqrtLength:
      kernels.sumRows(rows, into: vector)
      kernels.divide(vector, by: reduction == .mean ? Float(length) : Float(length).squareRoot())
    case .weightedMean:
      let weights = worker.workspace.buffer(count: length)
      VectorView(weights).copy(from: places.map { Float($0 + 1) })
      kernels.sumRows(rows, weights: VectorView(weights), into: vector)
      kernels.divide(vector, by: Float((places.lowerBound + 1 + places.upperBound) * length / 2))
    }
  }
}

struct PoolingOperation: Operation {
  let input: Operand
  let ranges: [Range<Int>]
  let skipped: [Int]
  let reductions: [Reduction]

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let features = input.tensor.shape[1], result = pass.context.zeros(shape: input.tensor.shape)
    for (index, range) in ranges.enumerated() {
      let first = min(skipped[index], range.count - 1), rows = range.lowerBound + first..<range.upperBound
      let vector = gradient.matrix.row(index)
      for (order, reduction) in reductions.enumerated() {
        spread(
          vector[order * features..<(order + 1) * features], over: first..<range.count, reduction,
          input.tensor.matrix.rows(rows), to: result.matrix.rows(rows))
      }
    }
    pass.add(result, to: input)
  }

  /// Adds a vector's gradient to those of the rows that it came from. Of equal maxima, the first has it.
  private func spread(
    _ gradient: VectorView, over places: Range<Int>, _ reduction: Reduction, _ rows: MatrixView, to result: MatrixView
  ) {
    let length = places.count
    func add(_ row: Int, times factor: Float) {
      let row = result.row(row)
      row.assign(from: row, gradient) { $0 + $1 * factor }
    }
    switch reduction {
    case .first: add(0, times: 1)
    case .last: add(length - 1, times: 1)
    case .max:
      for feature in 0..<gradient.count {
        var best = 0
        // Not `>`: NaN is the largest.
        for row in 1..<length where !(rows[row, feature] <= rows[best, feature] || rows[best, feature].isNaN) {
          best = row
        }
        result[best, feature] += gradient[feature]
      }
    case .mean: for row in 0..<length { add(row, times: 1 / Float(length)) }
    case .meanSqrtLength: for row in 0..<length { add(row, times: 1 / Float(length).squareRoot()) }
    case .weightedMean:
      let sum = Float((places.lowerBound + 1 + places.upperBound) * length / 2)
      for row in 0..<length { add(row, times: Float(places.lowerBound + row + 1) / sum) }
    }
  }
}
