// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

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

  /// Each row over its Euclidean length, or over `minimumLength` if that is more: `[rows, features]` to the same.
  public func normalized(_ x: Variable, minimumLength: Float = 1e-12) -> Variable {
    let rows = x.tensor.shape[0], features = x.tensor.shape[1]
    let y = result(rows, features)
    for row in 0..<rows {
      let vector = y.buffer.base + row * features
      vector.update(from: x.tensor.buffer.base + row * features, count: features)
      let length = kernels.table.pointee.dot(features, vector, vector).squareRoot()
      kernels.table.pointee.divide(features, Swift.max(length, minimumLength), vector)
    }
    return record(y, NormalizationOperation(input: x, minimumLength: minimumLength, result: y))
  }
}

struct PoolingOperation: Operation {
  let input: Variable
  let ranges: [Range<Int>]
  let skipped: Int
  let reductions: [Reduction]

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let features = input.tensor.shape[1]
    let result = Tensor(uninitialized: input.tensor.shape, in: pass.context.worker.workspace)
    result.buffer.base.update(repeating: 0, count: result.count)
    for (index, range) in ranges.enumerated() {
      let first = min(skipped, range.count - 1), start = (range.lowerBound + first) * features
      for (order, reduction) in reductions.enumerated() {
        spread(
          gradient.buffer.base + (index * reductions.count + order) * features, over: first..<range.count, features,
          reduction, input.tensor.buffer.base + start, to: result.buffer.base + start)
      }
    }
    pass.add(result, to: input)
  }

  /// Adds a vector's gradient to those of the rows that it came from. Of equal maxima, the first has it.
  private func spread(
    _ gradient: UnsafePointer<Float>, over places: Range<Int>, _ features: Int, _ reduction: Reduction,
    _ rows: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>
  ) {
    let length = places.count
    func add(_ row: Int, times factor: Float) {
      for feature in 0..<features { result[row * features + feature] += gradient[feature] * factor }
    }
    switch reduction {
    case .first: add(0, times: 1)
    case .last: add(length - 1, times: 1)
    case .max:
      for feature in 0..<features {
        var best = 0
        for row in 1..<length where rows[row * features + feature] > rows[best * features + feature] { best = row }
        result[best * features + feature] += gradient[feature]
      }
    case .mean: for row in 0..<length { add(row, times: 1 / Float(length)) }
    case .meanSqrtLength: for row in 0..<length { add(row, times: 1 / Float(length).squareRoot()) }
    case .weightedMean:
      let sum = Float((places.lowerBound + 1 + places.upperBound) * length / 2)
      for row in 0..<length { add(row, times: Float(places.lowerBound + row + 1) / sum) }
    }
  }
}

struct NormalizationOperation: Operation {
  let input: Variable
  let minimumLength: Float
  let result: Tensor

  /// With y = x / |x|: dx = (dy - y (y dy)) / |x|. Where the minimum stood for |x|, it is a constant.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let kernels = pass.context.kernels
    let rows = result.shape[0], features = result.shape[1]
    let inputGradient = pass.context.result(rows, features)
    for row in 0..<rows {
      let x = input.tensor.buffer.base + row * features, y = result.buffer.base + row * features
      let dy = gradient.buffer.base + row * features, dx = inputGradient.buffer.base + row * features
      let length = kernels.table.pointee.dot(features, x, x).squareRoot()
      let along = length > minimumLength ? kernels.table.pointee.dot(features, y, dy) : 0
      for feature in 0..<features { dx[feature] = dy[feature] - y[feature] * along }
      kernels.table.pointee.divide(features, Swift.max(length, minimumLength), dx)
    }
    pass.add(inputGradient, to: input)
  }
}
