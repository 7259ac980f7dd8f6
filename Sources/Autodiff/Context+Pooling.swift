// SPDX-License-Identifier: Apache-2.0

import CKernels
import TensorCore

/// How the vectors of a sequence's n tokens, h_1 to h_n, become one.
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
  /// Each sequence's tokens reduced to a vector: `[tokens, features]` to `[sequences, features reductions]`, the
  /// reductions side by side in the order given. No sequence is empty.
  package func pooled(_ x: Variable, sequenceStarts: [Int], _ reductions: [Reduction]) -> Variable {
    let features = x.tensor.shape[1], count = sequenceStarts.count - 1
    let y = result(count, features * reductions.count)
    for sequence in 0..<count {
      let start = sequenceStarts[sequence], length = sequenceStarts[sequence + 1] - start
      precondition(length > 0, "an empty sequence has no vector")
      let rows = x.tensor.buffer.base + start * features
      for (order, reduction) in reductions.enumerated() {
        reduce(
          rows, length, features, reduction, into: y.buffer.base + (sequence * reductions.count + order) * features)
      }
    }
    return record(y, PoolingOperation(input: x, sequenceStarts: sequenceStarts, reductions: reductions))
  }

  private func reduce(
    _ rows: UnsafePointer<Float>, _ length: Int, _ features: Int, _ reduction: Reduction,
    into vector: UnsafeMutablePointer<Float>
  ) {
    let table = kernels.table
    switch reduction {
    case .first: vector.update(from: rows, count: features)
    case .last: vector.update(from: rows + (length - 1) * features, count: features)
    case .max: table.pointee.max_rows(length, features, rows, features, vector)
    case .mean, .meanSqrtLength:
      table.pointee.sum_rows(length, features, rows, features, nil, vector)
      table.pointee.divide(features, reduction == .mean ? Float(length) : Float(length).squareRoot(), vector)
    case .weightedMean:
      let weights = (1...length).map(Float.init)
      table.pointee.sum_rows(length, features, rows, features, weights, vector)
      table.pointee.divide(features, Float(length * (length + 1) / 2), vector)
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
  let sequenceStarts: [Int]
  let reductions: [Reduction]

  var inputs: [Variable] { [input] }
}

struct NormalizationOperation: Operation {
  let input: Variable

  var inputs: [Variable] { [input] }
}
