// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

extension Context {
  /// Some rows, in the order given and as often as given: `[N, D]` to `[indices, D]`.
  public func rows(of x: Variable, at indices: [Int]) -> Variable {
    let count = x.tensor.shape[0], features = x.tensor.shape[1]
    let rows = indices.map { index in
      precondition(index >= 0 && index < count, "no row \(index) of \(count)")
      return Int32(index)
    }
    let y = result(rows.count, features)
    kernels.table.pointee.gather(rows.count, features, x.tensor.buffer.base, SWLT_F32, rows, 1, 0, y.buffer.base)
    return record(y, RowsOperation(input: x, rows: rows))
  }

  /// Some columns: `[N, D]` to `[N, range]`.
  public func columns(of x: Variable, in range: Range<Int>) -> Variable {
    let rows = x.tensor.shape[0], features = x.tensor.shape[1]
    precondition(range.lowerBound >= 0 && range.upperBound <= features, "no columns \(range) of \(features)")
    let y = result(rows, range.count)
    for row in 0..<rows {
      (y.buffer.base + row * range.count).update(
        from: x.tensor.buffer.base + row * features + range.lowerBound, count: range.count)
    }
    return record(y, ColumnsOperation(input: x, range: range))
  }

  /// Some elements, in the order given and as often as given, by their places in row-major order: to `[indices]`.
  public func elements(of x: Variable, at indices: [Int]) -> Variable {
    let y = result(indices.count)
    for (place, index) in indices.enumerated() {
      precondition(index >= 0 && index < x.tensor.count, "no element \(index) of \(x.tensor.count)")
      y.buffer.base[place] = x.tensor.buffer.base[index]
    }
    return record(y, ElementsOperation(input: x, indices: indices))
  }

  /// The rows of x, then those of y: `[N, D]` and `[M, D]` to `[N + M, D]`.
  public func concatenated(_ x: Variable, _ y: Variable) -> Variable {
    let features = x.tensor.shape[1]
    precondition(y.tensor.shape[1] == features, "rows of \(x.tensor.shape) and rows of \(y.tensor.shape)")
    let z = result(x.tensor.shape[0] + y.tensor.shape[0], features)
    z.buffer.base.update(from: x.tensor.buffer.base, count: x.tensor.count)
    (z.buffer.base + x.tensor.count).update(from: y.tensor.buffer.base, count: y.tensor.count)
    return record(z, ConcatenationOperation(first: x, second: y))
  }

  /// The same numbers in another shape of as many elements.
  public func reshaped(_ x: Variable, to shape: [Int]) -> Variable {
    record(x.tensor.reshaped(shape), ReshapingOperation(input: x))
  }
}

/// The gradient of a selection's input starts at 0; each element of the result adds its own, in order.
private func zeros(_ input: Variable, in pass: BackwardPass) -> Tensor {
  let result = Tensor(uninitialized: input.tensor.shape, in: pass.context.worker.workspace)
  result.buffer.base.update(repeating: 0, count: result.count)
  return result
}

struct RowsOperation: Operation {
  let input: Variable
  let rows: [Int32]

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let features = input.tensor.shape[1], result = zeros(input, in: pass)
    pass.context.kernels.table.pointee.scatter_add(
      rows.count, features, gradient.buffer.base, features, rows, result.buffer.base, features)
    pass.add(result, to: input)
  }
}

struct ColumnsOperation: Operation {
  let input: Variable
  let range: Range<Int>

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let features = input.tensor.shape[1], result = zeros(input, in: pass)
    for row in 0..<input.tensor.shape[0] {
      (result.buffer.base + row * features + range.lowerBound).update(
        from: gradient.buffer.base + row * range.count, count: range.count)
    }
    pass.add(result, to: input)
  }
}

struct ElementsOperation: Operation {
  let input: Variable
  let indices: [Int]

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = zeros(input, in: pass)
    for (place, index) in indices.enumerated() { result.buffer.base[index] += gradient.buffer.base[place] }
    pass.add(result, to: input)
  }
}

struct ConcatenationOperation: Operation {
  let first: Variable
  let second: Variable

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    var start = gradient.buffer.base
    for input in [first, second] {
      let part = Tensor(uninitialized: input.tensor.shape, in: pass.context.worker.workspace)
      part.buffer.base.update(from: start, count: part.count)
      start += part.count
      pass.add(part, to: input)
    }
  }
}

struct ReshapingOperation: Operation {
  let input: Variable

  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(gradient.reshaped(input.tensor.shape), to: input)
  }
}
