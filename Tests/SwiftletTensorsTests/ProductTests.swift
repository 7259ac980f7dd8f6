// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors
import TestSupport
import Testing

/// The product against its definition: from 0, over k in order, one fused multiply-add each, bias last. Every path,
/// tile and split must give the same bits.
@Suite struct ProductTests {
  private struct Shape {
    let m: Int
    let n: Int
    let k: Int
  }

  private func twin(_ shape: Shape, _ a: [Float], lda: Int, _ b: [Float], bias: [Float]?) -> [Float] {
    var c = [Float](repeating: 0, count: shape.m * shape.n)
    for i in 0..<shape.m {
      for j in 0..<shape.n {
        var sum: Float = 0
        for p in 0..<shape.k { sum = sum.addingProduct(a[i * lda + p], b[j * shape.k + p]) }
        c[i * shape.n + j] = bias.map { sum + $0[j] } ?? sum
      }
    }
    return c
  }

  /// The product by `kernels` of a (rows `lda` apart) and the transpose of b `[n, k]`; c at an odd address.
  private func product(
    _ kernels: Kernels, _ shape: Shape, _ a: [Float], lda: Int, _ b: [Float], bias: [Float]?,
    function: swlt_function = SWLT_IDENTITY
  ) -> [Float] {
    let table = kernels.table.pointee
    var packed = [Float](repeating: .nan, count: shape.k * ((shape.n + 15) / 16 * 16) + 1)
    let ldc = shape.n + 3
    var c = [Float](repeating: .nan, count: shape.m * ldc + 1)
    packed.withUnsafeMutableBufferPointer { packed in
      c.withUnsafeMutableBufferPointer { c in
        guard let packed = packed.baseAddress, let c = c.baseAddress else { return }
        table.pack(shape.k, shape.n, b, 1, shape.k, packed + 1)
        table.product(shape.m, shape.n, shape.k, a, lda, packed + 1, bias, function, c + 1, ldc)
      }
    }
    for i in 0..<shape.m {
      for j in shape.n..<ldc { #expect(c[1 + i * ldc + j].isNaN, "wrote past the columns of \(shape)") }
    }
    return (0..<shape.m).flatMap { i in c[(1 + i * ldc)..<(1 + i * ldc + shape.n)] }
  }

  private func check(_ shape: Shape, seed: UInt64) {
    let lda = shape.k + 5
    let a = numbers(shape.m * lda, seed: seed), b = numbers(shape.n * shape.k, seed: seed + 1)
    let bias = seed.isMultiple(of: 2) ? numbers(shape.n, seed: seed + 2) : nil
    let expected = twin(shape, a, lda: lda, b, bias: bias)
    for kernels in paths {
      let result = product(kernels, shape, a, lda: lda, b, bias: bias)
      #expect(bits(result) == bits(expected), "\(kernels.path) \(shape)")
    }
  }

  @Test(arguments: 0...67) func everySize(size: Int) {
    check(Shape(m: size, n: 17, k: 5), seed: UInt64(size))
    check(Shape(m: 9, n: size, k: 7), seed: UInt64(size) + 1)
    check(Shape(m: 3, n: 50, k: size), seed: UInt64(size))
  }

  @Test func sizesOfTheModel() {
    for (n, k) in [(1152, 384), (384, 384), (1536, 384), (384, 1536)] { check(Shape(m: 2, n: n, k: k), seed: 4) }
  }

  /// Without a bias nothing is added: a sum that is -0 stays.
  @Test func noBiasKeepsTheSign() {
    let tiny = Float(sign: .plus, exponent: -100, significand: 1)
    for kernels in paths {
      let result = product(kernels, Shape(m: 1, n: 1, k: 1), [tiny], lda: 1, [-tiny], bias: nil)
      #expect(result[0] == 0 && result[0].sign == .minus, "\(kernels.path)")
    }
  }

  /// The rounding errors of k fused multiply-adds stay below k epsilon Σ |a b|.
  @Test func errorOfTheSum() {
    let shape = Shape(m: 5, n: 40, k: 384)
    let a = numbers(shape.m * shape.k, seed: 1), b = numbers(shape.n * shape.k, seed: 2)
    let c = product(Kernels.best, shape, a, lda: shape.k, b, bias: nil)
    for i in 0..<shape.m {
      for j in 0..<shape.n {
        var sum = 0.0, magnitude = 0.0
        for p in 0..<shape.k {
          let term = Double(a[i * shape.k + p]) * Double(b[j * shape.k + p])
          sum += term
          magnitude += abs(term)
        }
        #expect(abs(Double(c[i * shape.n + j]) - sum) <= Double(shape.k) * Double(Float.ulpOfOne) / 2 * magnitude)
      }
    }
  }

  /// A matrix with a row for each k (values of attention) packs as its transpose does.
  @Test(arguments: [1, 15, 16, 17, 47, 48, 49, 67]) func packingBothWays(n: Int) {
    let k = 19
    let b = numbers(n * k, seed: 3)
    var transposed = [Float](repeating: 0, count: n * k)
    for j in 0..<n { for p in 0..<k { transposed[p * n + j] = b[j * k + p] } }
    for kernels in paths {
      let count = k * ((n + 15) / 16 * 16)
      var one = [Float](repeating: .nan, count: count), other = one
      kernels.table.pointee.pack(k, n, b, 1, k, &one)
      kernels.table.pointee.pack(k, n, transposed, n, 1, &other)
      #expect(bits(one) == bits(other), "\(kernels.path)")
    }
  }

  /// The function after the bias gives the bits of the function alone.
  @Test func epilogue() {
    let shape = Shape(m: 11, n: 53, k: 20)
    let a = numbers(shape.m * shape.k, seed: 5), b = numbers(shape.n * shape.k, seed: 6)
    let bias = numbers(shape.n, seed: 7)
    for kernels in paths {
      for function in [
        SWLT_GELU, SWLT_GELU_8BIT, SWLT_GELU_TANH, SWLT_RELU, SWLT_SILU, SWLT_TANH, SWLT_SOFTPLUS, SWLT_SIGMOID,
      ] {
        let fused = product(kernels, shape, a, lda: shape.k, b, bias: bias, function: function)
        var apart = product(kernels, shape, a, lda: shape.k, b, bias: bias)
        kernels.table.pointee.map(apart.count, function, apart, &apart)
        #expect(bits(fused) == bits(apart), "\(kernels.path) \(function)")
      }
    }
  }

  /// The sums of an added product start at c. a lies by rows, or by columns like a gradient's transpose.
  @Test(arguments: 0...67) func addedProducts(size: Int) {
    for shape in [Shape(m: size, n: 17, k: 5), Shape(m: 9, n: size, k: 7), Shape(m: 3, n: 50, k: size)] {
      let rows = max(shape.m, shape.k) + 2
      let a = numbers(shape.m * rows + shape.k * rows, seed: 1), b = numbers(shape.k * shape.n, seed: 2)
      let ldc = shape.n + 3, start = numbers(shape.m * ldc + 1, seed: 3)
      for (rowStride, columnStride) in [(rows, 1), (1, rows)] {
        var expected = start
        for i in 0..<shape.m {
          for j in 0..<shape.n {
            for p in 0..<shape.k {
              expected[1 + i * ldc + j].addProduct(a[i * rowStride + p * columnStride], b[p * shape.n + j])
            }
          }
        }
        for kernels in paths {
          var packed = [Float](repeating: .nan, count: shape.k * ((shape.n + 15) / 16 * 16)), c = start
          kernels.table.pointee.pack(shape.k, shape.n, b, shape.n, 1, &packed)
          c.withUnsafeMutableBufferPointer { c in
            guard let c = c.baseAddress else { return }
            kernels.table.pointee.add_product(
              shape.m, shape.n, shape.k, a, rowStride, columnStride, packed, c + 1, ldc)
          }
          #expect(bits(c) == bits(expected), "\(kernels.path) \(shape)")
        }
      }
    }
  }

  /// A product added in two parts along k has the bits of the whole.
  @Test func productsAddedInParts() {
    let m = 13, n = 70, k = 40, split = 17
    let a = numbers(m * k, seed: 1), b = numbers(k * n, seed: 2), start = numbers(m * n, seed: 3)
    for kernels in paths {
      var packed = [Float](repeating: .nan, count: k * 80), whole = start, parts = start
      kernels.table.pointee.pack(k, n, b, n, 1, &packed)
      kernels.table.pointee.add_product(m, n, k, a, k, 1, packed, &whole, n)
      for range in [0..<split, split..<k] {
        let (a, b) = (Array(a[range.lowerBound...]), Array(b[(range.lowerBound * n)...]))
        kernels.table.pointee.pack(range.count, n, b, n, 1, &packed)
        kernels.table.pointee.add_product(m, n, range.count, a, k, 1, packed, &parts, n)
      }
      #expect(bits(parts) == bits(whole), "\(kernels.path)")
    }
  }
}
