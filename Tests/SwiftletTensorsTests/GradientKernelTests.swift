// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors
import TestSupport
import Testing

/// The backward kernels over vectors and rows: bit by bit in the order that the header gives, and against their
/// formulas in double.
@Suite struct GradientKernelTests {
  private static let sizes = Array(0...67) + [384, 1536]

  /// Calls `body` with each path's kernels and a copy of `start` at an odd address, and checks the numbers after it.
  private func expect(
    _ expected: [Float], from start: [Float], _ sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (swlt_kernels, UnsafeMutablePointer<Float>) -> Void
  ) {
    for kernels in paths {
      oddlyAligned(start.count, seed: 1) { memory in
        memory.update(from: start, count: start.count)
        body(kernels.table.pointee, memory)
        let result = Array(UnsafeBufferPointer(start: memory, count: start.count))
        #expect(bits(result) == bits(expected), "\(kernels.path)", sourceLocation: sourceLocation)
      }
    }
  }

  @Test(arguments: sizes) func add(n: Int) {
    let x = numbers(n, seed: 1), y = numbers(n, seed: 2)
    expect(zip(x, y).map(+), from: y) { $0.add(n, x, $1) }
  }

  /// If several indices name a row, it grows by their rows one after the other.
  @Test(arguments: sizes) func scatterAdd(n: Int) {
    let indices: [Int32] = [2, 0, 2, 2, 3], ldx = n + 3, ldout = n + 1
    let x = numbers(indices.count * ldx, seed: 1), start = numbers(4 * ldout, seed: 2)
    var expected = start
    for (row, index) in indices.enumerated() {
      for j in 0..<n { expected[Int(index) * ldout + j] += x[row * ldx + j] }
    }
    expect(expected, from: start) { $0.scatter_add(indices.count, n, x, ldx, indices, $1, ldout) }
  }

  @Test(arguments: sizes) func addRows(n: Int) {
    for rows in [0, 1, 5] {
      let ld = n + 3
      let x = numbers(rows * ld, seed: 1), y = numbers(rows * ld, seed: 2), start = numbers(n, seed: 3)
      var plain = start, products = start
      for row in 0..<rows {
        for j in 0..<n {
          plain[j] += x[row * ld + j]
          products[j].addProduct(x[row * ld + j], y[row * ld + j])
        }
      }
      expect(plain, from: start) { $0.add_rows(rows, n, x, nil, ld, $1) }
      expect(products, from: start) { $0.add_rows(rows, n, x, y, ld, $1) }
    }
  }

  @Test(arguments: sizes) func softmaxGradient(n: Int) {
    let rows = 3, ld = (n + 15) / 16 * 16 + 2, scale: Float = 0.7
    var y = numbers(rows * ld, seed: 1, in: -5...5)
    paths[0].table.pointee.softmax(rows, n, 1, &y, ld)
    let start = numbers(rows * ld, seed: 2)
    var expected = start
    for row in 0..<rows {
      let y = y[(row * ld)...].prefix(n).map { $0 }, gradient = start[(row * ld)...].prefix(n).map { $0 }
      let sum = laneSum(n) { $1.addingProduct(gradient[$0], y[$0]) }
      let exactSum = zip(y, gradient).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      for j in 0..<n {
        expected[row * ld + j] = (y[j] * scale) * (gradient[j] - sum)
        let exact = Double(scale) * Double(y[j]) * (Double(gradient[j]) - exactSum)
        #expect(abs(Double(expected[row * ld + j]) - exact) <= 1e-6 * Double(scale * y[j]))
      }
      // y is 0 in the padding, which makes the result 0 there.
      for j in n..<(n + 15) / 16 * 16 { expected[row * ld + j] = 0 * (start[row * ld + j] - sum) }
    }
    expect(expected, from: start) { $0.softmax_gradient(rows, n, scale, y, $1, ld) }
  }

  @Test(arguments: sizes.dropFirst(), [false, true]) func layerNormGradient(n: Int, hasResidual: Bool) {
    let rows = 3, epsilon: Float = 1e-3
    let x = numbers(rows * n, seed: 1), gradient = numbers(rows * n, seed: 2), gamma = numbers(n, seed: 3)
    let residual = hasResidual ? numbers(rows * n, seed: 4) : nil
    var normalized: [Float] = [], result: [Float] = []
    for start in stride(from: 0, to: rows * n, by: n) {
      let z = (start..<start + n).map { x[$0] + (residual?[$0] ?? 0) }
      let g = (0..<n).map { gradient[start + $0] * gamma[$0] }
      let mean = laneSum(n) { $1 + z[$0] } / Float(n)
      let squares = laneSum(n) { $1.addingProduct(z[$0] - mean, z[$0] - mean) }
      let inverse = 1 / (squares / Float(n) + epsilon).squareRoot()
      let h = z.map { ($0 - mean) * inverse }
      let gMean = laneSum(n) { $1 + g[$0] } / Float(n)
      let productMean = laneSum(n) { $1.addingProduct(g[$0], h[$0]) } / Float(n)
      normalized += h
      result += (0..<n).map { (g[$0] - gMean).addingProduct(-h[$0], productMean) * inverse }
      expectClose(Array(result[start...]), z: z, g: g, epsilon: epsilon)
    }
    // First both results at odd addresses, then one in the place of the gradient.
    let all = normalized + result, unwritten = [Float](repeating: .nan, count: 2 * rows * n)
    expect(all, from: unwritten) {
      $0.layer_norm_gradient(rows, n, x, residual, gamma, epsilon, gradient, $1, $1 + rows * n)
    }
    expect(all, from: unwritten.prefix(rows * n) + gradient) {
      $0.layer_norm_gradient(rows, n, x, residual, gamma, epsilon, $1 + rows * n, $1, $1 + rows * n)
    }
  }

  /// (g - mean(g) - h mean(g h)) / s, with h the normalised z and s its deviation.
  private func expectClose(_ result: [Float], z: [Float], g: [Float], epsilon: Float) {
    let n = Double(z.count), z = z.map(Double.init), g = g.map(Double.init)
    let mean = z.reduce(0, +) / n
    let deviation = (z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n + Double(epsilon)).squareRoot()
    let h = z.map { ($0 - mean) / deviation }
    let gMean = g.reduce(0, +) / n, productMean = zip(g, h).reduce(0) { $0 + $1.0 * $1.1 } / n
    for (j, value) in result.enumerated() {
      let exact = (g[j] - gMean - h[j] * productMean) / deviation
      let bound = Double(Float.ulpOfOne) * (8 + n / 2) * (1 / deviation + 1) * (1 / deviation)
      #expect(abs(Double(value) - exact) <= bound, "column \(j) of \(z.count)")
    }
  }

  /// The result may take the place of x or of the gradient.
  @Test(arguments: sizes) func gradientOfAFunction(n: Int) {
    let x = numbers(n, seed: 1, in: -4...4), gradient = numbers(n, seed: 2)
    for function in [
      SWLT_IDENTITY, SWLT_GELU, SWLT_GELU_8BIT, SWLT_GELU_TANH, SWLT_RELU, SWLT_SILU, SWLT_TANH, SWLT_SOFTPLUS,
      SWLT_SIGMOID,
    ] {
      let ones = [Float](repeating: 1, count: n)
      var derivative = ones
      paths[0].table.pointee.map_gradient(n, function, x, ones, &derivative)
      let expected = zip(gradient, derivative).map(*)
      expect(expected, from: gradient) { $0.map_gradient(n, function, x, $1, $1) }
      expect(expected, from: x) { $0.map_gradient(n, function, $1, gradient, $1) }
    }
  }
}
