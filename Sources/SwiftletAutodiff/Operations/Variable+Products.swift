// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

extension Context {
  /// x_i·y_i, row by row: two `[N, D]` to `[N]`.
  public func dotProducts(_ x: Variable, _ y: Variable) -> Variable {
    precondition(x.tensor.shape == y.tensor.shape, "rows of \(x.tensor.shape) times rows of \(y.tensor.shape)")
    let rows = x.tensor.shape[0], features = x.tensor.shape[1]
    let z = result(rows)
    for row in 0..<rows {
      z.buffer.base[row] = kernels.table.pointee.dot(
        features, x.tensor.buffer.base + row * features, y.tensor.buffer.base + row * features)
    }
    return record(z, DotProductsOperation(left: x, right: y))
  }

  /// x_i·y_j of all pairs of rows: `[N, D]` and `[M, D]` to `[N, M]`.
  public func dotProducts(_ x: Variable, withAll y: Variable) -> Variable {
    record(
      matrixProduct(MatrixView(x.tensor), MatrixView(transposed: y.tensor)), AllDotProductsOperation(left: x, right: y))
  }
}

struct DotProductsOperation: Operation {
  let left: Variable
  let right: Variable

  /// With z_i = x_i·y_i: dx_i = dz_i y_i, dy_i = dz_i x_i.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    for (input, other) in [(left, right), (right, left)] where input.node != nil {
      let rows = input.tensor.shape[0], features = input.tensor.shape[1]
      let inputGradient = pass.context.result(rows, features)
      for row in 0..<rows {
        let vector = inputGradient.buffer.base + row * features
        vector.update(from: other.tensor.buffer.base + row * features, count: features)
        pass.context.kernels.table.pointee.scale(features, gradient.buffer.base[row], vector)
      }
      pass.add(inputGradient, to: input)
    }
  }
}

struct AllDotProductsOperation: Operation {
  let left: Variable
  let right: Variable

  /// With z = x yᵀ: dx = dz y, dy = dzᵀ x.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let context = pass.context
    if left.node != nil {
      pass.add(context.matrixProduct(MatrixView(gradient), MatrixView(right.tensor)), to: left)
    }
    if right.node != nil {
      pass.add(context.matrixProduct(MatrixView(transposed: gradient), MatrixView(left.tensor)), to: right)
    }
  }
}
