// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

// Sums, differences, products and quotients, element by element. Two variables are broadcast to one shape first.

extension Variable {
  /// x + y
  public static func + (x: Variable, y: Variable) -> Variable { combination(x, y, sign: 1) }

  /// x + constant
  public static func + (x: Variable, constant: Float) -> Variable { x.affine(factor: 1, constant: constant) }

  /// constant + x
  public static func + (constant: Float, x: Variable) -> Variable { x + constant }

  /// x - y
  public static func - (x: Variable, y: Variable) -> Variable { combination(x, y, sign: -1) }

  /// x - constant
  public static func - (x: Variable, constant: Float) -> Variable { x + -constant }

  /// constant - x
  public static func - (constant: Float, x: Variable) -> Variable { x.affine(factor: -1, constant: constant) }

  /// -x
  public static prefix func - (x: Variable) -> Variable { x.affine(factor: -1, constant: 0) }

  /// x y
  public static func * (x: Variable, y: Variable) -> Variable {
    let (x, y) = broadcast(x, y), context = Context.of(x, y)
    return context.record(
      context.product(x.tensor, y.tensor), ProductOperation(left: Operand(x), right: Operand(y)))
  }

  /// x times a factor.
  public static func * (x: Variable, factor: Float) -> Variable { x.affine(factor: factor, constant: 0) }

  /// A factor times x.
  public static func * (factor: Float, x: Variable) -> Variable { x * factor }

  /// x / y
  public static func / (x: Variable, y: Variable) -> Variable {
    let (x, y) = broadcast(x, y), context = Context.of(x, y)
    let z = context.mapped(x.tensor, y.tensor) { $0 / $1 }
    return context.record(z, QuotientOperation(left: Operand(x), right: Operand(y), result: z))
  }

  /// x / divisor
  public static func / (x: Variable, divisor: Float) -> Variable { x / Variable(Tensor([divisor], shape: [])) }

  /// dividend / x
  public static func / (dividend: Float, x: Variable) -> Variable { Variable(Tensor([dividend], shape: [])) / x }

  private static func combination(_ x: Variable, _ y: Variable, sign: Float) -> Variable {
    let (x, y) = broadcast(x, y), context = Context.of(x, y)
    let z = context.scaled(y.tensor, by: sign)
    context.kernels.add(x.tensor.vector, to: z.vector)
    return context.record(z, CombinationOperation(left: Operand(x), right: Operand(y), sign: sign))
  }

  private func affine(factor: Float, constant: Float) -> Variable {
    let context = Context.of(self), y = context.mapped(tensor) { $0 * factor + constant }
    return context.record(y, AffineOperation(input: Operand(self), factor: factor))
  }
}

extension Context {
  /// A function of each element.
  @inline(__always)
  func mapped(_ x: Tensor, _ function: @escaping (Float) -> Float) -> Tensor {
    let y = result(shape: x.shape), source = x.vector, target = y.vector
    forEachRange(y.count, grain: 16384) { target[$0].assign(from: source[$0], function) }
    return y
  }

  /// A function of each element of x and the one of y at the same place.
  @inline(__always)
  func mapped(_ x: Tensor, _ y: Tensor, _ function: @escaping (Float, Float) -> Float) -> Tensor {
    let z = result(shape: x.shape), left = x.vector, right = y.vector, target = z.vector
    forEachRange(z.count, grain: 16384) { target[$0].assign(from: left[$0], right[$0], function) }
    return z
  }

  fileprivate func scaled(_ x: Tensor, by factor: Float) -> Tensor {
    let y = result(shape: x.shape)
    y.vector.copy(from: x.vector)
    kernels.scale(y.vector, by: factor)
    return y
  }

  fileprivate func product(_ x: Tensor, _ y: Tensor) -> Tensor {
    // Adding 0 turns -0 into 0, the bits that a sum of one product has when it starts at 0.
    mapped(x, y) { $0 * $1 + 0 }
  }
}

private struct CombinationOperation: Operation {
  let left: Operand
  let right: Operand
  let sign: Float

  /// With z = x ± y: dx = dz, dy = ±dz.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(gradient, to: left)
    if right.node != nil { pass.add(sign == 1 ? gradient : pass.context.scaled(gradient, by: sign), to: right) }
  }
}

private struct ProductOperation: Operation {
  let left: Operand
  let right: Operand

  /// With z = x y: dx = dz y, dy = dz x.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    if left.node != nil { pass.add(pass.context.product(gradient, right.tensor), to: left) }
    if right.node != nil { pass.add(pass.context.product(gradient, left.tensor), to: right) }
  }
}

private struct QuotientOperation: Operation {
  let left: Operand
  let right: Operand
  let result: Tensor

  /// With z = x / y: dx = dz / y, dy = -dz z / y.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let quotient = pass.context.mapped(gradient, right.tensor) { $0 / $1 }
    pass.add(quotient, to: left)
    if right.node != nil { pass.add(pass.context.mapped(quotient, result) { -($0 * $1) }, to: right) }
  }
}

private struct AffineOperation: Operation {
  let input: Operand
  let factor: Float

  /// With y = factor x + constant: dx = factor dy.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(factor == 1 ? gradient : pass.context.scaled(gradient, by: factor), to: input)
  }
}
