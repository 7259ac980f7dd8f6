// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

extension Context {
  /// The distance of row i of x to row i of y: two `[N, D]` to `[N]`. Where it is 0, so is its gradient.
  ///
  /// Euclidean distances come from the differences, so that those of near rows are exact. For the cosine, lengths below
  /// 1e-8 count as 1e-8, as in PyTorch's `cosine_similarity`.
  public func distances(_ x: Variable, _ y: Variable, _ distance: Distance = .euclidean) -> Variable {
    switch distance {
    case .euclidean:
      return squareRoot(distances(x, y, .squaredEuclidean))
    case .squaredEuclidean:
      let z = difference(x, y)
      return dotProducts(z, z)
    case .cosine:
      return difference(1, cosines(x, y))
    }
  }

  /// The cosine of row i of x and row i of y: two `[N, D]` to `[N]`.
  ///
  /// Lengths below 1e-8 count as 1e-8, as in PyTorch's `cosine_similarity`.
  public func cosines(_ x: Variable, _ y: Variable) -> Variable {
    dotProducts(normalized(x, minimumLength: 1e-8), normalized(y, minimumLength: 1e-8))
  }

  /// The distances of all rows to each other: `[B, D]` to `[B, B]`, symmetric. Rows that are equal are at exactly 0,
  /// and where a distance is 0, so is its gradient.
  ///
  /// |x_i - x_j|² = |x_i|² + |x_j|² - 2 x_i·x_j, not below 0, from one matrix product whose diagonal is |x_i|². So
  /// distances far below |x_i| are noisy.
  public func distances(among x: Variable, _ distance: Distance = .euclidean) -> Variable {
    switch distance {
    case .euclidean: squareRoot(squaredDistances(among: x))
    case .squaredEuclidean: squaredDistances(among: x)
    case .cosine: halvedSquaredDistances(amongUnitRows: normalized(x))
    }
  }

  private func squaredDistances(among x: Variable) -> Variable {
    let products = matrixProduct(MatrixView(x.tensor), MatrixView(transposed: x.tensor))
    return squaredDistances(among: x, products, squares: diagonal(of: products), factor: 1)
  }

  /// 1 - u·v of all unit vectors: half their squared distance, exactly 0 for equal ones.
  private func halvedSquaredDistances(amongUnitRows x: Variable) -> Variable {
    let products = matrixProduct(MatrixView(x.tensor), MatrixView(transposed: x.tensor))
    // What has no length has the cosine 0, to itself as well: 1 stands for its square.
    let squares = diagonal(of: products).map { $0 < 0.5 ? 1 : $0 }
    return squaredDistances(among: x, products, squares: squares, factor: 0.5)
  }

  private func diagonal(of matrix: Tensor) -> [Float] {
    (0..<matrix.shape[0]).map { matrix.buffer.base[$0 * (matrix.shape[0] + 1)] }
  }

  /// - Parameter products: x xᵀ; becomes the result.
  private func squaredDistances(
    among x: Variable, _ products: Tensor, squares: [Float], factor: Float
  ) -> Variable {
    let rows = squares.count
    forEachRange(rows, grain: max(1, 16384 / max(rows, 1))) { range in
      for i in range {
        let row = products.buffer.base + i * rows
        for j in 0..<rows {
          let distance = factor * ((squares[i] + squares[j]) - 2 * row[j])
          row[j] = distance < 0 ? 0 : distance
        }
      }
    }
    return record(products, SquaredDistancesOperation(input: x, result: products, factor: factor))
  }
}

struct SquaredDistancesOperation: Operation {
  let input: Variable
  let result: Tensor
  let factor: Float

  /// With d_ij = f |x_i - x_j|², s_ij = dd_ij + dd_ji where d_ij is not 0, and L = diag(Σ_j s_ij) - s:
  /// dx_i = 2 f Σ_j s_ij (x_i - x_j), so dx = 2 f L x.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    guard input.node != nil else { return }
    let context = pass.context, rows = result.shape[0]
    let laplacian = context.result(rows, rows), sums = context.result(rows)
    context.forEachRange(rows, grain: max(1, 16384 / max(rows, 1))) { range in
      for i in range {
        for j in 0..<rows {
          let place = i * rows + j
          laplacian.buffer.base[place] =
            result.buffer.base[place] == 0 ? 0 : -(gradient.buffer.base[place] + gradient.buffer.base[j * rows + i])
        }
      }
    }
    context.kernels.table.pointee.sum_rows(rows, rows, laplacian.buffer.base, rows, nil, sums.buffer.base)
    for i in 0..<rows { laplacian.buffer.base[i * (rows + 1)] -= sums.buffer.base[i] }
    let inputGradient = context.matrixProduct(MatrixView(laplacian), MatrixView(input.tensor))
    context.kernels.table.pointee.scale(inputGradient.count, 2 * factor, inputGradient.buffer.base)
    pass.add(inputGradient, to: input)
  }
}
