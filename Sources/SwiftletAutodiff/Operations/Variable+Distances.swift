// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// A measure of the distance of two vectors.
public enum Distance: String, CaseIterable, Sendable {
  /// |x - y|
  case euclidean
  /// |x - y|²
  case squaredEuclidean = "squared-euclidean"
  /// 1 - x·y / (|x| |y|)
  case cosine
}

extension Variable {
  /// The distance of each row to the same row of another variable: two `[N, D]` to `[N]`. A distance of 0 has gradient 0.
  ///
  /// Euclidean distances are computed from differences, so they are exact for near rows. For the cosine, lengths below 1e-8
  /// count as 1e-8, as in PyTorch's `cosine_similarity`.
  public func distances(to other: Variable, _ distance: Distance = .euclidean) -> Variable {
    switch distance {
    case .euclidean:
      return distances(to: other, .squaredEuclidean).squareRoot()
    case .squaredEuclidean:
      precondition(shape == other.shape, "rows of \(shape) and rows of \(other.shape)")
      let z = self - other
      return z.dotProducts(with: z)
    case .cosine:
      return 1 - cosines(to: other)
    }
  }

  /// The cosine of each row and the same row of another variable: two `[N, D]` to `[N]`.
  ///
  /// Lengths below 1e-8 count as 1e-8, as in PyTorch's `cosine_similarity`.
  public func cosines(to other: Variable) -> Variable {
    normalized(minimumLength: 1e-8).dotProducts(with: other.normalized(minimumLength: 1e-8))
  }

  /// The distances between all rows: `[B, D]` to `[B, B]`, symmetric. Equal rows have a distance of exactly 0, and a
  /// distance of 0 has gradient 0. Except for cosine: a row of zeros is at distance 1 from every row, itself included.
  ///
  /// |x_i - x_j|² = |x_i|² + |x_j|² - 2 x_i·x_j, not below 0, from one matrix product whose diagonal is |x_i|². Distances
  /// far below |x_i| are therefore noisy.
  public func distancesAmongRows(_ distance: Distance = .euclidean) -> Variable {
    distances(distance) { $0.squaredDistances(squares: $1, factor: $2) }
  }

  /// Some rows of ``distancesAmongRows(_:)``, with the same bits: `[B, D]` to `[rows, B]`, in time proportional to `rows`.
  public func distancesAmongRows(_ distance: Distance = .euclidean, of rows: Range<Int>) -> Variable {
    if rows == 0..<matrixShape.rows { return distancesAmongRows(distance) }
    return distances(distance) { $0.squaredDistances(of: rows, squares: $1, factor: $2) }
  }

  /// - Parameter squared: distances from rows, a function of their squared lengths, and a factor.
  private func distances(_ distance: Distance, squared: (Variable, (Float) -> Float, Float) -> Variable) -> Variable {
    switch distance {
    case .euclidean: squared(self, { $0 }, 1).squareRoot()
    case .squaredEuclidean: squared(self, { $0 }, 1)
    case .cosine:
      // 1 - u·v of unit vectors is half their squared distance, exactly 0 for equal ones. A row of zeros has cosine 0 to
      // every row, itself included, so its squared length counts as 1.
      squared(normalized(), { $0 < 0.5 ? 1 : $0 }, 0.5)
    }
  }

  private func squaredDistances(squares function: (Float) -> Float, factor: Float) -> Variable {
    let context = Context.of(self), x = tensor.matrix
    let products = context.matrixProduct(x, x.transposed), diagonal = products.matrix
    let squares = (0..<x.rows).map { function(diagonal[$0, $0]) }
    context.turnIntoSquaredDistances(products, squares, squares, factor)
    return context.record(
      products, SquaredDistancesOperation(input: Operand(self), result: products, factor: factor))
  }

  private func squaredDistances(of rows: Range<Int>, squares function: (Float) -> Float, factor: Float) -> Variable {
    let context = Context.of(self), x = tensor.matrix
    let products = context.matrixProduct(x.rows(rows), x.transposed)
    // As a matrix product adds them up.
    let squares = (0..<x.rows).map { row in
      x.row(row).withSpan { values in
        function(values.indices.reduce(Float(0)) { $0.addingProduct(values[$1], values[$1]) })
      }
    }
    context.turnIntoSquaredDistances(products, Array(squares[rows]), squares, factor)
    return context.record(
      products, SomeSquaredDistancesOperation(input: Operand(self), rows: rows, result: products, factor: factor))
  }
}

extension Context {
  /// - Parameters:
  ///   - products: x_i·y_j; becomes the result.
  ///   - left: |x_i|².
  ///   - right: |y_j|².
  fileprivate func turnIntoSquaredDistances(_ products: Tensor, _ left: [Float], _ right: [Float], _ factor: Float) {
    let matrix = products.matrix
    forEachRange(left.count, grain: max(1, 16384 / max(right.count, 1))) { range in
      for i in range {
        matrix.row(i).withMutableSpan { row in
          for j in row.indices {
            let distance = factor * ((left[i] + right[j]) - 2 * row[j])
            row[j] = distance < 0 ? 0 : distance
          }
        }
      }
    }
  }
}

private struct SquaredDistancesOperation: Operation {
  let input: Operand
  let result: Tensor
  let factor: Float

  /// With d_ij = f |x_i - x_j|², s_ij = dd_ij + dd_ji where d_ij is not 0, and L = diag(Σ_j s_ij) - s:
  /// dx_i = 2 f Σ_j s_ij (x_i - x_j), so dx = 2 f L x.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    guard input.node != nil else { return }
    let context = pass.context, rows = result.shape[0]
    let laplacian = context.result(rows, rows), sums = context.result(rows), d = result.matrix, dd = gradient.matrix
    context.forEachRange(rows, grain: max(1, 16384 / max(rows, 1))) { range in
      for i in range {
        laplacian.matrix.row(i).withMutableSpan { row in
          for j in row.indices { row[j] = d[i, j] == 0 ? 0 : -(dd[i, j] + dd[j, i]) }
        }
      }
    }
    context.kernels.sumRows(laplacian.matrix, into: sums.vector)
    for i in 0..<rows { laplacian.matrix[i, i] -= sums.vector[i] }
    let inputGradient = context.matrixProduct(laplacian.matrix, input.tensor.matrix)
    context.kernels.scale(inputGradient.vector, by: 2 * factor)
    pass.add(inputGradient, to: input)
  }
}

private struct SomeSquaredDistancesOperation: Operation {
  let input: Operand
  let rows: Range<Int>
  let result: Tensor
  let factor: Float

  /// With d_ij = f |x_i - x_j|² for some i, and s_ij = dd_ij where d_ij is not 0, dx is 2 f times the sum of two parts:
  /// of each of these x_i, (Σ_j s_ij) x_i - Σ_j s_ij x_j; of each x_j, (Σ_i s_ij) x_j - Σ_i s_ij x_i.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    guard input.node != nil else { return }
    let context = pass.context, kernels = context.kernels, x = input.tensor.matrix
    let s = context.mapped(gradient, result) { $1 == 0 ? 0 : $0 }
    let ofAll = context.matrixProduct(s.matrix.transposed, x.rows(rows))
    let ofSome = context.matrixProduct(s.matrix, x)
    let columnSums = context.sum(of: s, axis: 0).vector, rowSums = context.sum(of: s, axis: 1).vector
    for j in 0..<x.rows {
      let sum = columnSums[j]
      ofAll.matrix.row(j).assign(from: x.row(j), ofAll.matrix.row(j)) { sum * $0 - $1 }
    }
    for i in rows {
      let part = ofSome.matrix.row(i - rows.lowerBound), sum = rowSums[i - rows.lowerBound]
      part.assign(from: x.row(i), part) { sum * $0 - $1 }
      kernels.add(part, to: ofAll.matrix.row(i))
    }
    kernels.scale(ofAll.vector, by: 2 * factor)
    pass.add(ofAll, to: input)
  }
}
