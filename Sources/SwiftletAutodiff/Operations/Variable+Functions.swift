// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

// Functions of each element. They do not use the system's mathematical library, so the bits are the same everywhere.

extension Variable {
  /// x²
  public func square() -> Variable { self * self }

  /// |x|; its derivative at 0 is 0.
  public func absoluteValue() -> Variable { relu() + (self * -1).relu() }

  /// max(x, 0); its derivative at 0 is 0.
  public func relu() -> Variable { map(.relu) }

  /// log(1 + exp(x)), without overflow for large x.
  public func softplus() -> Variable { map(.softplus) }

  /// √x; its derivative at 0 counts as 0.
  public func squareRoot() -> Variable {
    let context = Context.of(self), y = context.mapped(tensor) { $0.squareRoot() }
    return context.record(y, SquareRootOperation(input: Operand(self), result: y))
  }

  /// exp(x)
  public func exponential() -> Variable {
    let context = Context.of(self), y = context.result(shape: shape)
    context.kernels.exponential(tensor.vector, into: y.vector)
    return context.record(y, ExponentialOperation(input: Operand(self), result: y))
  }

  /// The natural logarithm of x.
  public func logarithm() -> Variable {
    let context = Context.of(self), y = context.result(shape: shape)
    context.kernels.logarithm(tensor.vector, into: y.vector)
    return context.record(y, LogarithmOperation(input: Operand(self)))
  }

  /// x^p for an integer p, as a product of p factors; 1 over the product if p is negative.
  public func power(_ exponent: Int) -> Variable {
    let context = Context.of(self), y = context.mapped(tensor) { Variable.power($0, exponent) }
    return context.record(y, WholePowerOperation(input: Operand(self), exponent: exponent))
  }

  /// x^p = exp(p log(x)) for x ≥ 0. For an integer p, ``power(_:)-(Int)`` is more exact.
  public func power(_ exponent: Float) -> Variable {
    let context = Context.of(self), y = context.power(tensor, exponent)
    return context.record(y, PowerOperation(input: Operand(self), exponent: exponent))
  }

  /// A function of each element.
  package func map(_ function: Activation) -> Variable {
    let context = Context.of(self), y = context.result(shape: shape)
    context.kernels.map(tensor.vector, function, into: y.vector)
    return context.record(y, MapOperation(input: Operand(self), function: function))
  }

  /// By squaring: the factors are taken in the order of the exponent's bits.
  fileprivate static func power(_ x: Float, _ exponent: Int) -> Float {
    var factor = x, rest = exponent.magnitude, product: Float = 1
    while rest > 0 {
      if rest & 1 == 1 { product *= factor }
      factor *= factor
      rest >>= 1
    }
    return exponent < 0 ? 1 / product : product
  }
}

/// The larger of x and y, element by element. If they are equal, each gets half of the gradient. NaN counts as the largest.
public func pointwiseMax(_ x: Variable, _ y: Variable) -> Variable { extremum(x, y, sign: 1) }

/// The larger of x and a constant, element by element. If they are equal, x gets half of the gradient.
public func pointwiseMax(_ x: Variable, _ constant: Float) -> Variable {
  pointwiseMax(x, Variable(Tensor([constant], shape: [])))
}

/// The smaller of x and y, element by element. If they are equal, each gets half of the gradient. NaN counts as the smallest.
public func pointwiseMin(_ x: Variable, _ y: Variable) -> Variable { extremum(x, y, sign: -1) }

/// The smaller of x and a constant, element by element. If they are equal, x gets half of the gradient.
public func pointwiseMin(_ x: Variable, _ constant: Float) -> Variable {
  pointwiseMin(x, Variable(Tensor([constant], shape: [])))
}

private func extremum(_ x: Variable, _ y: Variable, sign: Float) -> Variable {
  let (x, y) = Variable.broadcast(x, y), context = Context.of(x, y)
  let z = context.mapped(x.tensor, y.tensor) { x, y in x.isNaN || sign * x > sign * y ? x : y }
  return context.record(z, ExtremumOperation(left: Operand(x), right: Operand(y), sign: sign))
}

extension Context {
  fileprivate func power(_ x: Tensor, _ exponent: Float) -> Tensor {
    let y = result(shape: x.shape)
    kernels.logarithm(x.vector, into: y.vector)
    y.vector.assign(from: y.vector) { $0 * exponent }
    kernels.exponential(y.vector, into: y.vector)
    // The logarithm of 0 is -∞, of which 0 times is no number.
    return exponent == 0 ? mapped(x) { $0.isNaN ? $0 : 1 } : y
  }
}

private struct MapOperation: Operation {
  let input: Operand
  let function: Activation

  /// With y = f(x): dx = dy f'(x).
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let result = pass.context.result(shape: gradient.shape)
    pass.context.kernels.mapGradient(
      input.tensor.vector, function, gradient: gradient.vector, into: result.vector)
    pass.add(result, to: input)
  }
}

private struct SquareRootOperation: Operation {
  let input: Operand
  let result: Tensor

  /// With y = √x: dx = dy / (2 y), 0 where y is.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(pass.context.mapped(gradient, result) { $1 == 0 ? 0 : $0 / (2 * $1) }, to: input)
  }
}

private struct ExponentialOperation: Operation {
  let input: Operand
  let result: Tensor

  /// With y = exp(x): dx = dy y.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(pass.context.mapped(gradient, result) { $0 * $1 }, to: input)
  }
}

private struct LogarithmOperation: Operation {
  let input: Operand

  /// With y = log(x): dx = dy / x.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    pass.add(pass.context.mapped(gradient, input.tensor) { $0 / $1 }, to: input)
  }
}

private struct WholePowerOperation: Operation {
  let input: Operand
  let exponent: Int

  /// With y = x^p: dx = dy p x^(p - 1).
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let factor = Float(exponent), exponent = exponent - 1
    pass.add(
      pass.context.mapped(gradient, input.tensor) { dy, x in
        factor == 0 ? 0 : dy * (factor * Variable.power(x, exponent))
      }, to: input)
  }
}

private struct PowerOperation: Operation {
  let input: Operand
  let exponent: Float

  /// With y = x^p: dx = dy p x^(p - 1).
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let factor = exponent, powers = pass.context.power(input.tensor, exponent - 1)
    pass.add(pass.context.mapped(gradient, powers) { factor == 0 ? 0 : $0 * (factor * $1) }, to: input)
  }
}

private struct ExtremumOperation: Operation {
  let left: Operand
  let right: Operand
  let sign: Float

  /// With z = max(x, y): dx = dz where x > y, dz / 2 where x = y, else 0; and so for y. NaN has the gradient.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    for (input, other) in [(left, right), (right, left)] where input.node != nil {
      let sign = sign
      let shares = pass.context.mapped(input.tensor, other.tensor) { x, y in
        x == y ? 0.5 : x.isNaN || sign * x > sign * y ? 1 : 0
      }
      pass.add(pass.context.mapped(gradient, shares) { $1 == 0 ? 0 : $0 * $1 }, to: input)
    }
  }
}
