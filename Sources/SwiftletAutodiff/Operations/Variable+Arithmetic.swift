// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

extension Context {
  /// x + y, two of one shape.
  public func sum(_ x: Variable, _ y: Variable) -> Variable { combination(x, y, sign: 1) }

  /// x + constant
  public func sum(_ x: Variable, _ constant: Float) -> Variable { affine(x, factor: 1, constant: constant) }

  /// x - y, two of one shape.
  public func difference(_ x: Variable, _ y: Variable) -> Variable { combination(x, y, sign: -1) }

  /// constant - x
  public func difference(_ constant: Float, _ x: Variable) -> Variable { affine(x, factor: -1, constant: constant) }

  /// x y, two of one shape, element by element.
  public func product(_ x: Variable, _ y: Variable) -> Variable {
    precondition(x.tensor.shape == y.tensor.shape, "\(x.tensor.shape) times \(y.tensor.shape)")
    return record(product(x.tensor, y.tensor), ProductOperation(left: x, right: y))
  }

  /// x times a factor.
  public func product(_ x: Variable, _ factor: Float) -> Variable { affine(x, factor: factor, constant: 0) }

  /// x²
  public func square(_ x: Variable) -> Variable { product(x, x) }

  /// |x|; its derivative at 0 is 0.
  public func absoluteValue(_ x: Variable) -> Variable { sum(relu(x), relu(product(x, -1))) }

  /// max(x, 0); its derivative at 0 is 0.
  public func relu(_ x: Variable) -> Variable { map(x, .relu) }

  /// log(1 + exp(x)), right for x of any size.
  public func softplus(_ x: Variable) -> Variable { map(x, .softplus) }

  /// √x; where it is 0, its derivative counts as 0.
  public func squareRoot(_ x: Variable) -> Variable {
    let y = Tensor(uninitialized: x.tensor.shape, in: worker.workspace)
    forEachRange(y.count, grain: 16384) { range in
      for index in range { y.buffer.base[index] = x.tensor.buffer.base[index].squareRoot() }
    }
    return record(y, SquareRootOperation(input: x, result: y))
  }

  private func combination(_ x: Variable, _ y: Variable, sign: Float) -> Variable {
    precondition(x.tensor.shape == y.tensor.shape, "\(x.tensor.shape) and \(y.tensor.shape) differ")
    let z = scaled(y.tensor, by: sign)
    kernels.table.pointee.add(z.count, x.tensor.buffer.base, z.buffer.base)
    return record(z, CombinationOperation(left: x, right: y, sign: sign))
  }

  private func affine(_ x: Variable, factor: Float, constant: Float) -> Variable {
    let y = Tensor(uninitialized: x.tensor.shape, in: worker.workspace)
    for index in 0..<y.count { y.buffer.base[index] = x.tensor.buffer.base[index] * factor + constant }
    return record(y, AffineOperation(input: x, factor: factor))
  }

  private func map(_ x: Variable, _ function: Activation) -> Variable {
    let y = Tensor(uninitialized: x.tensor.shape, in: worker.workspace)
    kernels.table.pointee.map(y.count, function.kernel, x.tensor.buffer.base, y.buffer.base)
    return record(y, MapOperation(input: x, function: function))
  }

  fileprivate func scaled(_ x: Tensor, by factor: Float) -> Tensor {
    let y = Tensor(uninitialized: x.shape, in: worker.workspace)
    y.buffer.base.update(from: x.buffer.base, count: x.count)
    kernels.table.pointee.scale(y.count, factor, y.buffer.base)
    return y
  }

  fileprivate func product(_ x: Tensor, _ y: Tensor) -> Tensor {
    let z = Tensor(uninitialized: x.shape, in: worker.workspace)
    z.buffer.base.update(repeating: 0, count: z.count)
    kernels.table.pointee.add_rows(1, z.count, x.buffer.base, y.buffer.base, z.count, z.buffer.base)
    return z
  }
}

struct CombinationOperation: Operation {
  let left: Variable
  let right: Variable
  let sign: Float

  /// With z = x ± y: dx = dz, dy = ±dz.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(gradient, to: left)
    pass.add(sign == 1 ? gradient : pass.context.scaled(gradient, by: sign), to: right)
  }
}

struct ProductOperation: Operation {
  let left: Variable
  let right: Variable

  /// With z = x y: dx = dz y, dy = dz x.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    if left.node != nil { pass.add(pass.context.product(gradient, right.tensor), to: left) }
    if right.node != nil { pass.add(pass.context.product(gradient, left.tensor), to: right) }
  }
}

struct AffineOperation: Operation {
  let input: Variable
  let factor: Float

  /// With y = factor x + constant: dx = factor dy.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(factor == 1 ? gradient : pass.context.scaled(gradient, by: factor), to: input)
  }
}

struct MapOperation: Operation {
  let input: Variable
  let function: Activation

  /// With y = f(x): dx = dy f'(x).
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = Tensor(uninitialized: gradient.shape, in: pass.context.worker.workspace)
    pass.context.kernels.table.pointee.map_gradient(
      result.count, function.kernel, input.tensor.buffer.base, gradient.buffer.base, result.buffer.base)
    pass.add(result, to: input)
  }
}

struct SquareRootOperation: Operation {
  let input: Variable
  let result: Tensor

  /// With y = √x: dx = dy / (2 y), 0 where y is.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let inputGradient = Tensor(uninitialized: result.shape, in: pass.context.worker.workspace)
    pass.context.forEachRange(result.count, grain: 16384) { range in
      for index in range {
        let root = result.buffer.base[index]
        inputGradient.buffer.base[index] = root == 0 ? 0 : gradient.buffer.base[index] / (2 * root)
      }
    }
    pass.add(inputGradient, to: input)
  }
}
