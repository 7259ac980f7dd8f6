// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Variable {
  /// The sum of all elements: to `[1]`.
  public func sum() -> Variable { scaledSum(factor: 1) }

  /// The mean of all elements: to `[1]`; 0 if there are none.
  public func mean() -> Variable { scaledSum(factor: 1 / Float(Swift.max(count, 1))) }

  /// The sums along an axis. The axis is removed, or kept with the extent 1.
  public func sum(axis: Int, keepsAxis: Bool = false) -> Variable {
    precondition(shape.indices.contains(axis), "no axis \(axis) in \(shape)")
    let context = Context.of(self), sums = context.sum(of: tensor, axis: axis)
    let y = keepsAxis ? sums : sums.reshaped(shape.removing(axis))
    return context.record(y, AxisSumOperation(input: Operand(self), reduced: sums.shape))
  }

  /// The means along an axis; 0 if the axis has no element. The axis is removed, or kept with the extent 1.
  public func mean(axis: Int, keepsAxis: Bool = false) -> Variable {
    sum(axis: axis, keepsAxis: keepsAxis) * (1 / Float(Swift.max(shape[axis], 1)))
  }

  /// log Σ_j exp(x_ij) of each row, without overflow for large x: `[N, M]` to `[N]`. A row of -∞ alone gives -∞, and its
  /// gradient is NaN, as in PyTorch.
  public func rowLogSumExps() -> Variable {
    let context = Context.of(self), kernels = context.kernels
    let (rows, columns) = matrixShape
    precondition(columns > 0, "no columns to sum")
    let x = tensor.matrix, y = context.result(rows), powers = context.result(columns), largest = context.result(rows)
    for row in 0..<rows {
      let maximum = x.row(row).withSpan { values in
        values.indices.dropFirst().reduce(values[0]) { values[$1] > $0 ? values[$1] : $0 }
      }
      // An infinite number minus itself is NaN.
      let shift = maximum.isInfinite ? 0 : maximum
      powers.vector.assign(from: x.row(row)) { $0 - shift }
      kernels.exponential(powers.vector, into: powers.vector)
      y.vector[row] = context.total(powers.vector)
      largest.vector[row] = shift
    }
    kernels.logarithm(y.vector, into: y.vector)
    kernels.add(largest.vector, to: y.vector)
    return context.record(y, LogSumExpOperation(input: Operand(self), result: y))
  }

  private func scaledSum(factor: Float) -> Variable {
    let context = Context.of(self), y = context.result(1)
    y.vector[0] = context.total(tensor.vector) * factor
    return context.record(y, ScaledSumOperation(input: Operand(self), factor: factor))
  }
}

extension [Int] {
  /// The extents without one axis.
  func removing(_ axis: Int) -> [Int] { indices.filter { $0 != axis }.map { self[$0] } }
}

extension Context {
  /// The sum of all numbers, in the canonical order of rows.
  fileprivate func total(_ x: VectorView) -> Float {
    let ones = result(x.count)
    ones.vector.fill(1)
    return kernels.dot(x, ones.vector)
  }

  /// Sums along an axis, which stays with the extent 1: in the canonical order along the last axis, one by one along
  /// others.
  func sum(of x: Tensor, axis: Int) -> Tensor {
    var shape = x.shape
    let extent = shape[axis], inner = shape[(axis + 1)...].reduce(1, *)
    shape[axis] = 1
    let y = result(shape: shape), target = y.vector, source = x.vector, size = extent * inner
    for outer in 0..<(inner == 0 ? 0 : y.count / inner) {
      let numbers = source[outer * size..<(outer + 1) * size]
      if inner == 1 {
        target[outer] = total(numbers)
      } else if extent == 0 {
        target[outer * inner..<(outer + 1) * inner].fill(0)
      } else {
        kernels.sumRows(numbers.matrix(columns: inner), into: target[outer * inner..<(outer + 1) * inner])
      }
    }
    return y
  }
}

private struct ScaledSumOperation: Operation {
  let input: Operand
  let factor: Float

  /// With y = factor Σ x_i: dx_i = factor dy.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = pass.context.result(shape: input.tensor.shape)
    result.vector.fill(gradient.vector[0] * factor)
    pass.add(result, to: input)
  }
}

private struct AxisSumOperation: Operation {
  let input: Operand
  /// The shape of the sums, with the extent 1 along the axis.
  let reduced: [Int]

  /// With y_i = Σ_j x_ij: dx_ij = dy_i.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(pass.context.repeated(gradient.reshaped(reduced), to: input.tensor.shape), to: input)
  }
}

private struct LogSumExpOperation: Operation {
  let input: Operand
  let result: Tensor

  /// With y_i = log Σ_j exp(x_ij): dx_ij = dy_i exp(x_ij - y_i).
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let inputGradient = pass.context.result(shape: input.tensor.shape), kernels = pass.context.kernels
    let x = input.tensor.matrix, dx = inputGradient.matrix
    for row in 0..<x.rows {
      let total = result.vector[row]
      dx.row(row).assign(from: x.row(row)) { $0 - total }
      kernels.exponential(dx.row(row), into: dx.row(row))
      kernels.scale(dx.row(row), by: gradient.vector[row])
    }
    pass.add(inputGradient, to: input)
  }
}
