// SPDX-License-Identifier: Apache-2.0

import CKernels
import Foundation
import TensorCore
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
    expectClose(results { $0.table.pointee.map($1.count, CK_TANH, $1, &$2) }, ulps: 3) { tanh($0) }
  }

  /// erf through GELU: 2 gelu(√2 x) / (√2 x) - 1 is not to be had in float32, so the sum 1 + erf bounds the error:
  /// its terms' rounding is relative to 1, times x / 2.
  @Test func gelu() {
    let outputs = results { $0.table.pointee.map($1.count, CK_GELU, $1, &$2) }
    for (x, y) in zip(Self.inputs, outputs) where x.isFinite {
      let exact = Double(x) * erfc(-Double(x) * 0.5.squareRoot()) / 2
      #expect(abs(Double(y) - exact) <= 2e-7 * abs(Double(x)) + 1e-44, "gelu(\(x)) = \(y), not \(exact)")
    }
  }

  @Test func geluTanh() {
    let outputs = results { $0.table.pointee.map($1.count, CK_GELU_TANH, $1, &$2) }
    for (x, y) in zip(Self.inputs, outputs) where abs(x) < 1e12 {
      let inner = (2 / Double.pi).squareRoot() * (Double(x) + 0.044715 * Double(x) * Double(x) * Double(x))
      let exact = Double(x) * (1 + tanh(inner)) / 2
      #expect(abs(Double(y) - exact) <= 4e-7 * abs(Double(x)) + 1e-44, "gelu_new(\(x)) = \(y), not \(exact)")
    }
  }

  @Test func silu() {
    expectClose(results { $0.table.pointee.map($1.count, CK_SILU, $1, &$2) }, ulps: 4, absolute: 1e-36) {
      $0 / (1 + exp(-$0))
    }
  }

  @Test func relu() {
    let outputs = results { $0.table.pointee.map($1.count, CK_RELU, $1, &$2) }
    #expect(outputs == Self.inputs.map { max($0, 0) })
  }

  @Test func infinitiesAndNaN() {
    let inputs: [Float] = [.infinity, -.infinity, .nan]
    for kernels in paths {
      var y = inputs
      kernels.table.pointee.exponential(3, inputs, &y)
      #expect(y[0] == .infinity && y[1] == 0 && y[2].isNaN)
      for function in [CK_GELU, CK_GELU_TANH, CK_RELU, CK_SILU, CK_TANH] {
        kernels.table.pointee.map(3, function, inputs, &y)
        #expect(y[0] == (function == CK_TANH ? 1 : .infinity) && y[2].isNaN, "\(kernels.path) \(function)")
      }
    }
  }
}
