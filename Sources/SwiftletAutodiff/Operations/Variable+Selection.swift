// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Variable {
  /// The rows of some indices, in their order; an index may occur more than once: `[N, D]` to `[indices, D]`.
  public func rows(_ indices: some Sequence<Int>) -> Variable {
    let context = Context.of(self), indices = Array(indices), x = tensor.matrix
    let y = context.result(indices.count, x.columns), target = y.matrix
    for (row, index) in indices.enumerated() { target.row(row).copy(from: x.row(index)) }
    return context.record(y, RowsOperation(input: Operand(self), indices: indices))
  }

  /// Consecutive rows: `[N, D]` to `[range, D]`; the variable itself if the range is all rows.
  public func rows(_ range: Range<Int>) -> Variable {
    range == 0..<matrixShape.rows ? self : rows(Array(range))
  }

  /// Consecutive columns: `[N, D]` to `[N, range]`.
  public func columns(_ range: Range<Int>) -> Variable {
    let context = Context.of(self), x = tensor.matrix.columns(range)
    let y = context.result(x.rows, range.count)
    y.matrix.copy(from: x)
    return context.record(y, ColumnsOperation(input: Operand(self), range: range))
  }

  /// The elements at some places in row-major order, to `[indices]`. A place may occur more than once.
  public func elements(_ indices: some Sequence<Int>) -> Variable {
    let context = Context.of(self), indices = Array(indices), x = tensor.vector
    let y = context.result(indices.count), target = y.vector
    for (place, index) in indices.enumerated() { target[place] = x[index] }
    return context.record(y, ElementsOperation(input: Operand(self), indices: indices))
  }

  /// The rows of this variable, then those of another: `[N, D]` and `[M, D]` to `[N + M, D]`.
  public func concatenated(with other: Variable) -> Variable {
    let context = Context.of(self, other), x = tensor.matrix, y = other.tensor.matrix
    precondition(x.columns == y.columns, "rows of \(shape) and rows of \(other.shape)")
    let z = context.result(x.rows + y.rows, x.columns)
    z.matrix.rows(0..<x.rows).copy(from: x)
    z.matrix.rows(x.rows..<x.rows + y.rows).copy(from: y)
    return context.record(z, ConcatenationOperation(first: Operand(self), second: Operand(other)))
  }

  /// The same numbers in another shape with the same number of elements.
  public func reshaped(_ shape: [Int]) -> Variable {
    Context.of(self).record(tensor.reshaped(shape), ReshapingOperation(input: Operand(self)))
  }

  /// The transposed matrix: `[N, M]` to `[M, N]`.
  public func transposed() -> Variable {
    let context = Context.of(self)
    return context.record(context.transposed(tensor), TranspositionOperation(input: Operand(self)))
  }

  /// Replaces some elements of `[N, M]` by a number. The replaced elements have no gradient.
  ///
  /// - Parameters:
  ///   - isMasked: whether an element is replaced, by row and column.
  ///   - value: the number. Minus infinity removes elements from ``rowLogSumExps()``, 0 from a sum.
  public func masked(where isMasked: (_ row: Int, _ column: Int) -> Bool, fill value: Float) -> Variable {
    let context = Context.of(self), (rows, columns) = matrixShape
    let places = (0..<rows * columns).filter { isMasked($0 / columns, $0 % columns) }
    return context.record(
      context.filled(tensor, at: places, with: value), MaskOperation(input: Operand(self), places: places))
  }
}

extension Context {
  fileprivate func transposed(_ x: Tensor) -> Tensor {
    let source = x.matrix, y = result(source.columns, source.rows), target = y.matrix
    for row in 0..<target.rows {
      for column in 0..<target.columns { target[row, column] = source[column, row] }
    }
    return y
  }

  fileprivate func filled(_ x: Tensor, at places: [Int], with value: Float) -> Tensor {
    let y = result(shape: x.shape), target = y.vector
    target.copy(from: x.vector)
    for place in places { target[place] = value }
    return y
  }
}

// The gradient of a selection's input starts at 0; each element of the result adds its own, in order.

private struct RowsOperation: Operation {
  let input: Operand
  let indices: [Int]

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = pass.context.zeros(shape: input.tensor.shape), rows = result.matrix
    for (row, index) in indices.enumerated() { pass.context.kernels.add(gradient.matrix.row(row), to: rows.row(index)) }
    pass.add(result, to: input)
  }
}

private struct ColumnsOperation: Operation {
  let input: Operand
  let range: Range<Int>

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = pass.context.zeros(shape: input.tensor.shape)
    result.matrix.columns(range).copy(from: gradient.matrix)
    pass.add(result, to: input)
  }
}

private struct ElementsOperation: Operation {
  let input: Operand
  let indices: [Int]

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = pass.context.zeros(shape: input.tensor.shape), sums = result.vector
    for (place, index) in indices.enumerated() { sums[index] += gradient.vector[place] }
    pass.add(result, to: input)
  }
}

private struct ConcatenationOperation: Operation {
  let first: Operand
  let second: Operand

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    var start = 0
    for input in [first, second] {
      let part = pass.context.result(shape: input.tensor.shape)
      part.vector.copy(from: gradient.vector[start..<start + part.count])
      start += part.count
      pass.add(part, to: input)
    }
  }
}

private struct ReshapingOperation: Operation {
  let input: Operand

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(gradient.reshaped(input.tensor.shape), to: input)
  }
}

private struct TranspositionOperation: Operation {
  let input: Operand

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(pass.context.transposed(gradient), to: input)
  }
}

private struct MaskOperation: Operation {
  let input: Operand
  let places: [Int]

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(pass.context.filled(gradient, at: places, with: 0), to: input)
  }
}
