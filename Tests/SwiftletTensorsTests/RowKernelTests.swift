// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors
import TestSupport
import Testing

/// Kernels over rows: their sums in the canonical order, their results against naive twins in double.
@Suite struct RowKernelTests {
  private static let sizes = Array(0...67) + [384, 1536]

  @Test(arguments: sizes) func dot(n: Int) {
    let x = numbers(n, seed: 1), y = numbers(n, seed: 2)
    let expected = laneSum(n) { $1.addingProduct(x[$0], y[$0]) }
    for kernels in paths {
      #expect(kernels.table.pointee.dot(n, x, y).bitPattern == expected.bitPattern, "\(kernels.path)")
    }
  }

  @Test(arguments: sizes) func layerNorm(n: Int) {
    guard n > 0 else { return }
    let x = numbers(2 * n, seed: 3), residual = numbers(2 * n, seed: 4)
    let gamma = numbers(n, seed: 5), beta = numbers(n, seed: 6)
    let epsilon: Float = 1e-5
    var first: [Float] = []
    for kernels in paths {
      oddlyAligned(2 * n, seed: 7) { out in
        kernels.table.pointee.layer_norm(2, n, x, residual, gamma, beta, epsilon, out)
        let result = Array(UnsafeBufferPointer(start: out, count: 2 * n))
        if first.isEmpty { first = result }
        #expect(bits(result) == bits(first), "\(kernels.path)")
      }
    }
    for row in 0..<2 {
      let z = (0..<n).map { Double(x[row * n + $0] + residual[row * n + $0]) }
      let mean = z.reduce(0, +) / Double(n)
      let variance = z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
      let deviation = (variance + Double(epsilon)).squareRoot()
      // z and the mean have errors of at most n epsilon / 2 each; the division by the deviation multiplies them.
      let bound = Double(Float.ulpOfOne) * (8 + Double(n) / 2) * (2 / deviation + 2)
      for j in 0..<n {
        let exact = (z[j] - mean) / deviation * Double(gamma[j]) + Double(beta[j])
        #expect(abs(Double(first[row * n + j]) - exact) <= bound, "column \(j)")
      }
    }
  }

  /// Both sums run in the canonical order, one fused multiply-add where the header says so.
  @Test(arguments: sizes.dropFirst()) func layerNormBitByBit(n: Int) {
    let x = numbers(n, seed: 14), residual = numbers(n, seed: 15)
    let gamma = numbers(n, seed: 16), beta = numbers(n, seed: 17)
    let z = zip(x, residual).map { $0 + $1 }
    let mean = laneSum(n) { $1 + z[$0] } / Float(n)
    let squares = laneSum(n) { $1.addingProduct(z[$0] - mean, z[$0] - mean) }
    let inverse = 1 / (squares / Float(n) + 1e-5).squareRoot()
    let expected = (0..<n).map { beta[$0].addingProduct((z[$0] - mean) * inverse, gamma[$0]) }
    for kernels in paths {
      var out = [Float](repeating: .nan, count: n)
      kernels.table.pointee.layer_norm(1, n, x, residual, gamma, beta, 1e-5, &out)
      #expect(bits(out) == bits(expected), "\(kernels.path)")
    }
  }

  @Test func layerNormInPlaceWithoutResidual() {
    let n = 37
    let x = numbers(n, seed: 8), ones = [Float](repeating: 1, count: n), zeros = [Float](repeating: 0, count: n)
    for kernels in paths {
      var apart = zeros, inPlace = x
      kernels.table.pointee.layer_norm(1, n, x, nil, ones, zeros, 1e-12, &apart)
      inPlace.withUnsafeMutableBufferPointer {
        kernels.table.pointee.layer_norm(1, n, $0.baseAddress, zeros, ones, zeros, 1e-12, $0.baseAddress)
      }
      #expect(bits(apart) == bits(inPlace))
    }
  }

  @Test(arguments: sizes) func softmax(n: Int) {
    let padded = (n + 15) / 16 * 16, stride = padded + 2, scale: Float = 0.7
    let x = numbers(3 * stride, seed: 10, in: -20...20)
    var first: [Float] = []
    for kernels in paths {
      var y = x
      kernels.table.pointee.softmax(3, n, scale, &y, stride)
      if first.isEmpty { first = y }
      #expect(bits(y) == bits(first), "\(kernels.path)")
    }
    for row in 0..<3 {
      for j in n..<padded { #expect(first[row * stride + j] == 0) }
      for j in padded..<stride { #expect(first[row * stride + j] == x[row * stride + j], "wrote past the row") }
      let exact = twinSoftmax(x[(row * stride)..<(row * stride + n)].map { Double($0) * Double(scale) })
      for j in 0..<n {
        // exp has an error of 1.5 ulp and its argument's rounding, |argument| epsilon / 2; the sum n epsilon / 2.
        let bound = exact[j] * Double(Float.ulpOfOne) * (32 + Double(n) / 2) + 1e-37
        #expect(abs(Double(first[row * stride + j]) - exact[j]) <= bound, "row \(row), column \(j)")
      }
    }
  }

  private func twinSoftmax(_ x: [Double]) -> [Double] {
    let high = x.max() ?? 0
    // Powers by repeated squaring keep the twin free of any library's exp.
    let e = x.map { value -> Double in
      var sum = 1.0, term = 1.0
      let small = (value - high) / 1024
      for i in 1...12 {
        term *= small / Double(i)
        sum += term
      }
      for _ in 0..<10 { sum *= sum }
      return sum
    }
    let total = e.reduce(0, +)
    return e.map { $0 / total }
  }

  @Test(arguments: sizes) func sumsAndMaximaOverRows(n: Int) {
    let rows = 5, stride = n + 1
    let x = numbers(rows * stride, seed: 11), weights = numbers(rows, seed: 12)
    for kernels in paths {
      var plain = [Float](repeating: .nan, count: n), weighted = plain, high = plain
      kernels.table.pointee.sum_rows(rows, n, x, stride, nil, &plain)
      kernels.table.pointee.sum_rows(rows, n, x, stride, weights, &weighted)
      kernels.table.pointee.max_rows(rows, n, x, stride, &high)
      for j in 0..<n {
        let column = (0..<rows).map { x[$0 * stride + j] }
        #expect(plain[j] == column.reduce(0, +))
        #expect(weighted[j] == zip(weights, column).reduce(Float(0)) { $0.addingProduct($1.0, $1.1) })
        #expect(high[j] == column.max())
      }
    }
  }

  /// A maximum is NaN if any of its numbers is, whichever row has it.
  @Test(arguments: sizes) func maximaShowNaN(n: Int) {
    guard n > 0 else { return }
    let rows = 5, finite = numbers(rows * n, seed: 11)
    for kernels in paths {
      for row in 0..<rows {
        var x = finite, high = [Float](repeating: 0, count: n)
        x[row * n + n - 1] = .nan
        kernels.table.pointee.max_rows(rows, n, x, n, &high)
        #expect(high[n - 1].isNaN && high.dropLast().allSatisfy(\.isFinite), "\(kernels.path), row \(row)")
      }
    }
  }

  @Test(arguments: sizes) func scaleAndDivide(n: Int) {
    let x = numbers(n, seed: 13)
    for kernels in paths {
      var scaled = x, divided = x
      kernels.table.pointee.scale(n, 1.1, &scaled)
      kernels.table.pointee.divide(n, 1.1, &divided)
      #expect(scaled == x.map { $0 * 1.1 } && divided == x.map { $0 / 1.1 })
    }
  }
}
