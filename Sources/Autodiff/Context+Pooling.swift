// SPDX-License-Identifier: Apache-2.0

import CKernels
import TensorCore

/// How the vectors of n tokens, h_1 to h_n, become one.
package enum Reduction: Sendable {
  /// h_1
  case first
  /// h_n
  case last
  /// The largest of each feature.
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
  /// - Parameter skipped: how many of a range's first tokens are left out, but never its last; they count for t.
  package func pooled(
    _ x: Variable, over ranges: [Range<Int>], skipping skipped: Int = 0, _ reductions: [Reduction]
  ) -> Variable {
    let features = x.tensor.shape[1]
    let y = result(ranges.count, features * reductions.count)
    for (index, range) in ranges.enumerated() {
      precondition(!range.isEmpty && range.upperBound <= x.tensor.shape[0], "no tokens to pool in \(range)")
      let first = min(skipped, range.count - 1)
      let rows = x.tensor.buffer.base + (range.lowerBound + first) * features
      for (order, reduction) in reductions.enumerated() {
        reduce(
          rows, first..<range.count, features, reduction,
          into: y.buffer.base + (index * reductions.count + order) * features)
      }
    }
    return record(y, PoolingOperation(input: x, ranges: ranges, skipped: skipped, reductions: reductions))
  }

  /// - Parameter places: those of the rows in their text, from 0.
  private func reduce(
    _ rows: UnsafePointer<Float>, _ places: Range<Int>, _ features: Int, _ reduction: Reduction,
    into vector: UnsafeMutablePointer<Float>
  ) {
    let table = kernels.table, length = places.count
    switch reduction {
    case .first: vector.update(from: rows, count: features)
    case .last: vector.update(from: rows + (length - 1) * features, count: features)
    case .max: table.pointee.max_rows(length, features, rows, features, vector)
    case .mean, .meanSqrtLength:
      table.pointee.sum_rows(length, features, rows, features, nil, vector)
      table.pointee.divide(features, reduction == .mean ? Float(length) : Float(length).squareRoot(), vector)
    case .weightedMean:
      let weights = places.map { Float($0 + 1) }
      table.pointee.sum_rows(length, features, rows, features, weights, vector)
      table.pointee.divide(features, Float((places.lowerBound + 1 + places.upperBound) * length / 2), vector)
    }
  }

  /// Each row over its Euclidean length, or over 1e-12 if that is more: `[rows, features]` to the same.
  package func normalized(_ x: Variable) -> Variable {
    let rows = x.tensor.shape[0], features = x.tensor.shape[1]
    let y = result(rows, features)
    for row in 0..<rows {
      let vector = y.buffer.base + row * features
      vector.update(from: x.tensor.buffer.base + row * features, count: features)
      let length = kernels.table.pointee.dot(features, vector, vector).squareRoot()
      kernels.table.pointee.divide(features, Swift.max(length, 1e-12), vector)
    }
    return record(y, NormalizationOperation(input: x))
  }
}

struct PoolingOperation: Operation {
  let input: Variable
  let ranges: [Range<Int>]
  let skipped: Int
  let reductions: [Reduction]

  var inputs: [Variable] { [input] }
}

struct NormalizationOperation: Operation {
  let input: Variable

  var inputs: [Variable] { [input] }
}
