// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

extension Context {
  /// The sum of all elements: to `[1]`.
  public func sum(of x: Variable) -> Variable { scaledSum(of: x, factor: 1) }

  /// The mean of all elements: to `[1]`; 0 if there are none.
  public func mean(of x: Variable) -> Variable { scaledSum(of: x, factor: 1 / Float(max(x.tensor.count, 1))) }

  /// log Σ_j exp(x_ij) of each row, right for x of any size: `[N, M]` to `[N]`.
  public func rowLogSumExps(of x: Variable) -> Variable {
    let rows = x.tensor.shape[0], columns = x.tensor.shape[1]
    precondition(columns > 0, "no columns to sum")
    let y = result(rows), powers = result(columns)
    let largest = (0..<rows).map { row in
      let values = x.tensor.buffer.base + row * columns
      let largest = (1..<columns).reduce(values[0]) { values[$1] > $0 ? values[$1] : $0 }
      for column in 0..<columns { powers.buffer.base[column] = values[column] - largest }
      kernels.table.pointee.exponential(columns, powers.buffer.base, powers.buffer.base)
      y.buffer.base[row] = total(powers)
      return largest
    }
    kernels.table.pointee.logarithm(rows, y.buffer.base, y.buffer.base)
    kernels.table.pointee.add(rows, largest, y.buffer.base)
    return record(y, LogSumExpOperation(input: x, result: y))
  }

  private func scaledSum(of x: Variable, factor: Float) -> Variable {
    let y = result(1)
    y.buffer.base[0] = total(x.tensor) * factor
    return record(y, ScaledSumOperation(input: x, factor: factor))
  }

  private func total(_ x: Tensor) -> Float {
    let ones = Tensor(uninitialized: x.shape, in: worker.workspace)
    ones.buffer.base.update(repeating: 1, count: x.count)
    return kernels.table.pointee.dot(x.count, x.buffer.base, ones.buffer.base)
  }
}

struct ScaledSumOperation: Operation {
  let input: Variable
  let factor: Float

  /// With y = factor Σ x_i: dx_i = factor dy.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = Tensor(uninitialized: input.tensor.shape, in: pass.context.worker.workspace)
    result.buffer.base.update(repeating: gradient.buffer.base[0] * factor, count: result.count)
    pass.add(result, to: input)
  }
}

struct LogSumExpOperation: Operation {
  let input: Variable
  let result: Tensor

  /// With y_i = log Σ_j exp(x_ij): dx_ij = dy_i exp(x_ij - y_i).
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let rows = input.tensor.shape[0], columns = input.tensor.shape[1]
    let inputGradient = pass.context.result(rows, columns)
    let kernels = pass.context.kernels
    for row in 0..<rows {
      let values = input.tensor.buffer.base + row * columns, target = inputGradient.buffer.base + row * columns
      for column in 0..<columns { target[column] = values[column] - result.buffer.base[row] }
      kernels.table.pointee.exponential(columns, target, target)
      kernels.table.pointee.scale(columns, gradient.buffer.base[row], target)
    }
    pass.add(inputGradient, to: input)
  }
}
