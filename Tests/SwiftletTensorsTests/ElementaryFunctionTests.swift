// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import Foundation
import SwiftletTensors
import TestSupport
import Testing

/// The functions of elementary.inc against the C library's in double, over all exponents of float32.
@Suite struct ElementaryFunctionTests {
  /// Numbers of every exponent and both signs, and the edges.
  private static let inputs: [Float] = {
    var generator = SplitMix64(seed: 9)
    var inputs: [Float] = [0, -0.0, 1, -1, 0.625, 88.72283, 88.72284, -87.33655, -103.97, -104, 4, -4, 10, -10]
    for exponent in UInt32(0)..<255 {
      for _ in 0..<120 {
        let fraction = UInt32.random(in: 0..<(1 << 23), using: &generator)
        let sign = UInt32.random(in: 0...1, using: &generator) << 31
        inputs.append(Float(bitPattern: sign | exponent << 23 | fraction))
      }
    }
    for _ in 0..<60_000 { inputs.append(Float.random(in: -110...110, using: &generator)) }
    for _ in 0..<60_000 { inputs.append(Float.random(in: -5...5, using: &generator)) }
    return inputs
  }()

  private func results(_ apply: (Kernels, [Float], inout [Float]) -> Void) -> [Float] {
    var first: [Float] = []
    for kernels in paths {
      var outputs = [Float](repeating: 0, count: Self.inputs.count)
      apply(kernels, Self.inputs, &outputs)
      if first.isEmpty { first = outputs }
      #expect(bits(first) == bits(outputs), "\(kernels.path) differs from \(paths[0].path)")
    }
    return first
  }

  private func expectClose(
    _ outputs: [Float], ulps: Double, absolute: Double = 0, _ exact: (Double) -> Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var worst = 0.0, input: Float = 0
    for (x, y) in zip(Self.inputs, outputs) {
      let truth = exact(Double(x))
      let nearest = Float(truth)
      if nearest == y { continue }
      let unit = Double(nearest.isFinite ? nearest.ulp : Float.greatestFiniteMagnitude.ulp)
      let bounded = nearest.isFinite ? truth : Double(Float.greatestFiniteMagnitude)
      let error = y.isNaN ? .infinity : max(0, abs(Double(y) - bounded) - absolute) / unit
      if error > worst { (worst, input) = (error, x) }
    }
    #expect(worst <= ulps, "\(worst) ulp at \(input)", sourceLocation: sourceLocation)
  }

  @Test func exponential() {
    expectClose(results { $0.table.pointee.exponential($1.count, $1, &$2) }, ulps: 1.5) { exp($0) }
  }

  @Test func hyperbolicTangent() {
    expectClose(results { $0.table.pointee.map($1.count, SWLT_TANH, $1, &$2) }, ulps: 3) { tanh($0) }
  }

  /// GELU is x times the share of the normal distribution below x, a sum whose rounding is relative to 1.
  @Test func gelu() {
    let outputs = results { $0.table.pointee.map($1.count, SWLT_GELU, $1, &$2) }
    for (x, y) in zip(Self.inputs, outputs) where x.isFinite {
      let exact = Double(x) * erfc(-Double(x) * 0.5.squareRoot()) / 2
      #expect(abs(Double(y) - exact) <= 2e-7 * abs(Double(x)) + 1e-44, "gelu(\(x)) = \(y), not \(exact)")
    }
  }

  @Test func geluFor8Bits() {
    let outputs = results { $0.table.pointee.map($1.count, SWLT_GELU_8BIT, $1, &$2) }
    for (x, y) in zip(Self.inputs, outputs) where x.isFinite {
      let exact = Double(x) * erfc(-Double(x) * 0.5.squareRoot()) / 2
      let limit = min(2e-4, 3e-4 * abs(Double(x))) + 1e-7 * abs(Double(x))
      #expect(abs(Double(y) - exact) <= limit + 1e-44, "gelu(\(x)) = \(y), not \(exact)")
    }
  }

  @Test func geluTanh() {
    let outputs = results { $0.table.pointee.map($1.count, SWLT_GELU_TANH, $1, &$2) }
    for (x, y) in zip(Self.inputs, outputs) where abs(x) < 1e12 {
      let inner = (2 / Double.pi).squareRoot() * (Double(x) + 0.044715 * Double(x) * Double(x) * Double(x))
      let exact = Double(x) * (1 + tanh(inner)) / 2
      #expect(abs(Double(y) - exact) <= 4e-7 * abs(Double(x)) + 1e-44, "gelu_new(\(x)) = \(y), not \(exact)")
    }
  }

  @Test func silu() {
    expectClose(results { $0.table.pointee.map($1.count, SWLT_SILU, $1, &$2) }, ulps: 4, absolute: 1e-36) {
      $0 / (1 + exp(-$0))
    }
  }

  @Test func relu() {
    let outputs = results { $0.table.pointee.map($1.count, SWLT_RELU, $1, &$2) }
    #expect(outputs == Self.inputs.map { max($0, 0) })
  }

  @Test func logarithm() {
    let outputs = results { $0.table.pointee.logarithm($1.count, $1, &$2) }
    for (x, y) in zip(Self.inputs, outputs) where !(x > 0) {
      #expect(x == 0 ? y == -.infinity : y.isNaN, "log(\(x)) = \(y)")
    }
    let positive = zip(Self.inputs, outputs).map { $0.0 > 0 ? $0.1 : 0 }
    expectClose(positive, ulps: 2) { $0 > 0 ? log($0) : 0 }
  }

  /// Near 1, where the logarithm is small and its sum cancels.
  @Test func logarithmNearOne() {
    for kernels in paths {
      let x = (-2000...2000).map { 1 + Float($0) * 0x1p-24 } + numbers(20_000, seed: 3, in: 0.6...1.6)
      var y = x
      kernels.table.pointee.logarithm(x.count, x, &y)
      for (x, y) in zip(x, y) {
        #expect(abs(Double(y) - log(Double(x))) <= 2 * Double(Float(log(Double(x))).ulp), "log(\(x)) = \(y)")
      }
    }
  }

  @Test func softplus() {
    expectClose(results { $0.table.pointee.map($1.count, SWLT_SOFTPLUS, $1, &$2) }, ulps: 2) {
      max($0, 0) + log1p(exp(-abs($0)))
    }
  }

  /// Results that are not normal numbers are 0.
  @Test func sigmoid() {
    expectClose(results { $0.table.pointee.map($1.count, SWLT_SIGMOID, $1, &$2) }, ulps: 3, absolute: 1e-38) {
      1 / (1 + exp(-$0))
    }
  }

  /// Derivatives against double. Their errors are absolute, since they are sums with 1.
  @Test func derivatives() {
    let ones = [Float](repeating: 1, count: Self.inputs.count)
    func check(
      _ function: swlt_function, error bound: Double, sourceLocation: SourceLocation = #_sourceLocation,
      _ exact: (Double) -> Double
    ) {
      let outputs = results { $0.table.pointee.map_gradient($1.count, function, $1, ones, &$2) }
      var worst = 0.0, input: Float = 0
      for (x, y) in zip(Self.inputs, outputs) {
        let error = y.isNaN ? .infinity : abs(Double(y) - exact(Double(x)))
        if error > worst { (worst, input) = (error, x) }
      }
      #expect(worst <= bound, "\(worst) at \(input)", sourceLocation: sourceLocation)
    }
    func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    check(SWLT_IDENTITY, error: 0) { _ in 1 }
    check(SWLT_RELU, error: 0) { $0 > 0 ? 1 : 0 }
    check(SWLT_GELU, error: 2e-7) { x in
      erfc(-x * 0.5.squareRoot()) / 2 + (abs(x) < 40 ? x * exp(-x * x / 2) / (2 * Double.pi).squareRoot() : 0)
    }
    check(SWLT_GELU_TANH, error: 1e-6) { x in
      guard abs(x) < 40 else { return x > 0 ? 1 : 0 }
      let root = (2 / Double.pi).squareRoot(), t = tanh(root * (x + 0.044715 * x * x * x))
      return (1 + t) / 2 + x / 2 * (1 - t * t) * root * (1 + 0.134145 * x * x)
    }
    check(SWLT_SILU, error: 1e-6) { abs($0) < 700 ? logistic($0) * (1 + $0 * logistic(-$0)) : $0 > 0 ? 1 : 0 }
    check(SWLT_TANH, error: 2e-7) { 1 - tanh($0) * tanh($0) }
    check(SWLT_SOFTPLUS, error: 1e-7) { logistic($0) }
    check(SWLT_SIGMOID, error: 1e-7) { logistic($0) * logistic(-$0) }
  }

  @Test func logarithmAndSoftplusOfInfinitiesAndNaN() {
    let inputs: [Float] = [.infinity, -.infinity, .nan, 0, -0.0, -1, .leastNonzeroMagnitude]
    for kernels in paths {
      var y = inputs
      kernels.table.pointee.logarithm(y.count, inputs, &y)
      #expect(y[0] == .infinity && y[1].isNaN && y[2].isNaN && y[5].isNaN, "\(kernels.path)")
      #expect(y[3] == -.infinity && y[4] == -.infinity && y[6] == -103.27893, "\(kernels.path)")
      kernels.table.pointee.map(y.count, SWLT_SOFTPLUS, inputs, &y)
      #expect(y[0] == .infinity && y[1] == 0 && y[2].isNaN && y[3] == y[4] && y[3] == log(2), "\(kernels.path)")
    }
  }

  @Test func infinitiesAndNaN() {
    let inputs: [Float] = [.infinity, -.infinity, .nan]
    for kernels in paths {
      var y = inputs
      kernels.table.pointee.exponential(3, inputs, &y)
      #expect(y[0] == .infinity && y[1] == 0 && y[2].isNaN)
      for function in [SWLT_GELU, SWLT_GELU_8BIT, SWLT_GELU_TANH, SWLT_RELU, SWLT_SILU, SWLT_TANH, SWLT_SIGMOID] {
        kernels.table.pointee.map(3, function, inputs, &y)
        let limit: Float = function == SWLT_TANH || function == SWLT_SIGMOID ? 1 : .infinity
        #expect(y[0] == limit && y[2].isNaN, "\(kernels.path) \(function)")
      }
    }
  }
}
