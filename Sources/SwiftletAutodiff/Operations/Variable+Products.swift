// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Variable {
  /// The dot product x_i·y_i of each row and the same row of another variable: two `[N, D]` to `[N]`.
  public func dotProducts(with other: Variable) -> Variable {
    precondition(shape == other.shape, "rows of \(shape) times rows of \(other.shape)")
    let context = Context.of(self, other), x = tensor.matrix, y = other.tensor.matrix
    let z = context.result(x.rows), target = z.vector
    for row in 0..<x.rows { target[row] = context.kernels.dot(x.row(row), y.row(row)) }
    return context.record(z, DotProductsOperation(left: Operand(self), right: Operand(other)))
  }

  /// The dot products x_i·y_j of all pairs of rows, which is the matrix product x yᵀ: `[N, D]` and `[M, D]` to `[N, M]`.
  public func dotProducts(withAll other: Variable) -> Variable {
    let context = Context.of(self, other)
    return context.record(
      context.matrixProduct(tensor.matrix, other.tensor.matrix.transposed),
      AllDotProductsOperation(left: Operand(self), right: Operand(other)))
  }

  /// The matrix product x y: `[N, K]` and `[K, M]` to `[N, M]`.
  public func matrixProduct(_ other: Variable) -> Variable {
    let context = Context.of(self, other)
    return context.record(
      context.matrixProduct(tensor.matrix, other.tensor.matrix),
      MatrixProductOperation(left: Operand(self), right: Operand(other)))
  }
}

private struct DotProductsOperation: Operation {
  let left: Operand
  let right: Operand

  /// With z_i = x_i·y_i: dx_i = dz_i y_i, dy_i = dz_i x_i.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    for (input, other) in [(left, right), (right, left)] where input.node != nil {
      let inputGradient = pass.context.result(shape: input.tensor.shape), rows = inputGradient.matrix
      rows.copy(from: other.tensor.matrix)
      for row in 0..<rows.rows { pass.context.kernels.scale(rows.row(row), by: gradient.vector[row]) }
      pass.add(inputGradient, to: input)
    }
  }
}

private struct AllDotProductsOperation: Operation {
  let left: Operand
  let right: Operand

  /// With z = x yᵀ: dx = dz y, dy = dzᵀ x.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let context = pass.context, dz = gradient.matrix
    if left.node != nil { pass.add(context.matrixProduct(dz, right.tensor.matrix), to: left) }
    if right.node != nil { pass.add(context.matrixProduct(dz.transposed, left.tensor.matrix), to: right) }
  }
}

private struct MatrixProductOperation: Operation {
  let left: Operand
  let right: Operand

  /// With z = x y: dx = dz yᵀ, dy = xᵀ dz.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let context = pass.context, dz = gradient.matrix
    if left.node != nil { pass.add(context.matrixProduct(dz, right.tensor.matrix.transposed), to: left) }
    if right.node != nil { pass.add(context.matrixProduct(left.tensor.matrix.transposed, dz), to: right) }
  }
}
