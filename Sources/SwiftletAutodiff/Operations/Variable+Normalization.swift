// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Variable {
  /// Scales each row to unit length. Lengths below `minimumLength` count as `minimumLength`. `[N, D]` to the same shape.
  public func normalized(minimumLength: Float = 1e-12) -> Variable {
    let context = Context.of(self), kernels = context.kernels
    let y = context.result(shape: shape), rows = y.matrix
    rows.copy(from: tensor.matrix)
    for row in 0..<rows.rows {
      let vector = rows.row(row), length = kernels.dot(vector, vector).squareRoot()
      kernels.divide(vector, by: Swift.max(length, minimumLength))
    }
    return context.record(
      y, NormalizationOperation(input: Operand(self), minimumLength: minimumLength, result: y))
  }
}

private struct NormalizationOperation: Operation {
  let input: Operand
  let minimumLength: Float
  let result: Tensor

  /// With y = x / |x|: dx = (dy - y (y dy)) / |x|. Where the minimum stood for |x|, it is a constant.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let kernels = pass.context.kernels
    let inputGradient = pass.context.result(shape: result.shape)
    for row in 0..<result.shape[0] {
      let x = input.tensor.matrix.row(row), y = result.matrix.row(row)
      let dy = gradient.matrix.row(row), dx = inputGradient.matrix.row(row)
      let length = kernels.dot(x, x).squareRoot()
      let along = length > minimumLength ? kernels.dot(y, dy) : 0
      dx.assign(from: dy, y) { $0 - $1 * along }
      kernels.divide(dx, by: Swift.max(length, minimumLength))
    }
    pass.add(inputGradient, to: input)
  }
}
