// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletTensors
import TestSupport
import Testing

/// Products in float16, bfloat16 and int8 against their definitions.
@Suite struct CompactProductTests {
  struct Shape: CustomStringConvertible {
    let m: Int
    let n: Int
    let k: Int
    var description: String { "\(m) x \(n) x \(k)" }
  }

  private static let shapes = [
    Shape(m: 1, n: 1, k: 1), Shape(m: 3, n: 17, k: 63), Shape(m: 8, n: 48, k: 64), Shape(m: 13, n: 100, k: 65),
    Shape(m: 17, n: 49, k: 384), Shape(m: 70, n: 65, k: 33), Shape(m: 5, n: 0, k: 7), Shape(m: 0, n: 5, k: 7),
    // Packed in pieces.
    Shape(m: 3, n: 200, k: 700),
  ]

  private func product(
    _ format: WeightFormat, _ kernels: Kernels, _ shape: Shape, _ x: [Float], _ w: [Float],
    bias: [Float]?
  ) -> [Float] {
    let workspace = Workspace()
    let matrix = PackedMatrix(
      inputs: shape.k, outputs: shape.n, format: format, kernels: kernels, workspace: workspace
    ) { $1.vector.copy(from: Array(w[$0.lowerBound * shape.k..<$0.upperBound * shape.k])) }
    let rows = Tensor(x, shape: [shape.m, shape.k]), y = Tensor(zeros: [shape.m, shape.n])
    var scratch = Scratch(workspace)
    var inputs = rows.matrix
    if matrix.products.convertsInputs {
      inputs = Tensor(uninitialized: [shape.m, matrix.products.inputCount(shape.k)]).matrix
      matrix.products.convert(rows.matrix, into: inputs, &scratch)
    }
    // In two parts, where there are two panels.
    let split = min(matrix.panelWidth, shape.n)
    for columns in [0..<split, split..<shape.n] where !columns.isEmpty {
      matrix.product(
        inputs, columns: columns, bias: bias.map { Tensor($0, shape: [shape.n]).vector }, into: y.matrix, &scratch)
    }
    return y.values
  }

  /// Weights that are exact in float16, also subnormal and largest ones: the product equals float32's.
  @Test(arguments: shapes) func float16(shape: Shape) {
    let x = numbers(shape.m * shape.k, seed: 1), bias = numbers(shape.n, seed: 3)
    var w = numbers(shape.n * shape.k, seed: 2).map { ($0 * 1024).rounded() / 1024 }
    for (index, special) in zip(w.indices, [0x1p-24, -0x1p-24, 0x3ffp-24, 65504, -65504, -0.0]) {
      w[index] = Float(special)
    }
    let expected = (0..<shape.m * shape.n).map { index in
      let (i, j) = index.quotientAndRemainder(dividingBy: shape.n)
      return (0..<shape.k).reduce(0 as Float) { $0.addingProduct(x[i * shape.k + $1], w[j * shape.k + $1]) } + bias[j]
    }
    for kernels in paths {
      #expect(bits(product(.float16, kernels, shape, x, w, bias: bias)) == bits(expected), "\(kernels.path)")
    }
  }

  /// Rows of integers. The Hadamard transform keeps them exact in any order of its sums.
  private func integers(_ rows: Int, _ columns: Int, seed: UInt64) -> [Float] {
    var generator = SplitMix64(seed: seed)
    return (0..<rows).flatMap { row in
      // A row of zeros, rows with an outlier.
      (0..<columns).map { column in
        row % 5 == 4 ? 0 : Float(Int.random(in: -9...9, using: &generator)) * (column == row ? 1000 : 1)
      }
    }
  }

  /// Each row's integers and their unit by the definition, with the matrix itself.
  private func quantized(_ x: [Float], _ rows: Int, _ columns: Int) -> [(numbers: [Int], unit: Float)] {
    (0..<rows).map { row in
      let blocks = (columns + 63) / 64
      var turned = [Float](repeating: 0, count: blocks * 64)
      for i in turned.indices {
        for j in i / 64 * 64..<min((i / 64 + 1) * 64, columns) {
          let sign = ((i % 64) & (j % 64)).nonzeroBitCount.isMultiple(of: 2) ? 1 : -1
          turned[i] += Float(sign) * x[row * columns + j]
        }
      }
      let high = turned.map(\.magnitude).max() ?? 0
      guard high > 0 else { return (turned.map { _ in 0 }, 0) }
      let factor = 127 / high
      return (turned.map { Int((Double($0) * Double(factor)).rounded(.toNearestOrEven)) }, high / 127 / 8)
    }
  }

  @Test(arguments: shapes) func int8(shape: Shape) {
    let x = integers(shape.m, shape.k, seed: 1), w = integers(shape.n, shape.k, seed: 2)
    let bias = numbers(shape.n, seed: 3)
    let inputs = quantized(x, shape.m, shape.k), weights = quantized(w, shape.n, shape.k)
    for bias in [bias, nil] {
      let expected = inputs.flatMap { row in
        weights.enumerated().map { j, column in
          let sum = zip(row.numbers, column.numbers).reduce(0) { $0 + $1.0 * $1.1 }
          return Float(sum) * (column.unit * row.unit) + (bias?[j] ?? 0)
        }
      }
      for kernels in paths {
        #expect(product(.int8, kernels, shape, x, w, bias: bias) == expected, "\(kernels.path)")
      }
    }
  }

  /// The error that rounding to 127 steps may cause; a wrong transform or scale gives far more.
  @Test func int8IsNearFloat32() {
    let shape = Shape(m: 20, n: 30, k: 384), x = numbers(20 * 384, seed: 1), w = numbers(30 * 384, seed: 2)
    for (index, y) in product(.int8, .best, shape, x, w, bias: nil).enumerated() {
      let (i, j) = index.quotientAndRemainder(dividingBy: 30)
      let exact = (0..<384).reduce(0.0) { $0 + Double(x[i * 384 + $1]) * Double(w[j * 384 + $1]) }
      // 384 products of numbers about 0.6 in size, each off by about 1 in 70.
      #expect(abs(Double(y) - exact) < 0.4)
    }
  }

  @Test(arguments: [WeightFormat.bfloat16, .int8]) func numbersThatAreNotFiniteSpread(format: WeightFormat) {
    let shape = Shape(m: 3, n: 5, k: 70)
    var x = numbers(3 * 70, seed: 1)
    (x[69], x[140]) = (.nan, .infinity)
    let w = numbers(5 * 70, seed: 2)
    for kernels in paths {
      let y = product(format, kernels, shape, x, w, bias: nil)
      #expect(y[0..<5].allSatisfy(\.isNaN) && y[5..<10].allSatisfy(\.isFinite), "\(kernels.path)")
      #expect(y[10..<15].allSatisfy { !$0.isFinite }, "\(kernels.path)")
    }
  }

  /// Each row's integers and their unit in attention heads.
  private func quantizedInHeads(_ x: [Float], _ rows: Int, _ columns: Int) -> [(numbers: [Int], unit: Float)] {
    (0..<rows).map { row in
      let numbers = x[row * columns..<(row + 1) * columns], high = numbers.map(\.magnitude).max() ?? 0
      guard high > 0 else { return (numbers.map { _ in 0 }, 0) }
      let factor = 127 / high
      return (numbers.map { Int((Double($0) * Double(factor)).rounded(.toNearestOrEven)) }, high / 127)
    }
  }

  /// x times the transpose of w, which is stored by rows or by columns; `convert` writes the inputs.
  private func headProduct(
    _ kernels: Kernels, _ shape: Shape, _ w: [Float], byRows: Bool,
    convert: (ProductKernels, MatrixView, inout Scratch) -> Void
  ) -> [Float] {
    let products = ProductKernels(inHeads: .int8, kernels: kernels), y = Tensor(zeros: [shape.m, shape.n])
    var scratch = Scratch(Workspace())
    let packed = scratch.take(products.packedCount(inputs: shape.k, outputs: shape.n))
    let transposed = (0..<shape.k).flatMap { p in (0..<shape.n).map { w[$0 * shape.k + p] } }
    products.pack(
      byRows
        ? Tensor(transposed, shape: [shape.k, shape.n]).matrix
        : Tensor(w, shape: [shape.n, shape.k]).matrix.transposed,
      into: packed, &scratch)
    let inputs = scratch.take(rows: shape.m, columns: products.inputCount(shape.k))
    convert(products, inputs, &scratch)
    products.product(inputs, inputs: shape.k, packed: packed, into: y.matrix, &scratch)
    return y.values
  }

  @Test(arguments: shapes) func int8InHeads(shape: Shape) {
    let x = Tensor(integers(shape.m, shape.k, seed: 1), shape: [shape.m, shape.k])
    let w = integers(shape.n, shape.k, seed: 2)
    let inputs = quantizedInHeads(x.values, shape.m, shape.k), weights = quantizedInHeads(w, shape.n, shape.k)
    let expected = inputs.flatMap { row in
      weights.map { column in
        Float(zip(row.numbers, column.numbers).reduce(0) { $0 + $1.0 * $1.1 }) * (column.unit * row.unit)
      }
    }
    for kernels in paths {
      for byRows in [false, true] {
        let y = headProduct(kernels, shape, w, byRows: byRows) { $0.convert(x.matrix, into: $1, &$2) }
        #expect(y == expected, "\(kernels.path)")
      }
    }
  }

  /// Softmax in steps of 1/255 of the row's largest: the same bits on every path, near those in float32.
  @Test(arguments: shapes) func softmaxInInt8(shape: Shape) {
    let padded = Kernels.padded(shape.k), w = numbers(shape.n * shape.k, seed: 2)
    let scores = Tensor(numbers(shape.m * padded, seed: 1), shape: [shape.m, padded])
    func product(_ kernels: Kernels) -> [Float] {
      headProduct(kernels, shape, w, byRows: true) { products, inputs, _ in
        products.convertSoftmax(
          Tensor(scores.values, shape: scores.shape).matrix, count: shape.k, scale: 3, into: inputs)
      }
    }
    let expected = product(.best)
    for kernels in paths { #expect(bits(product(kernels)) == bits(expected), "\(kernels.path)") }
    for (index, y) in expected.enumerated() {
      let (i, j) = index.quotientAndRemainder(dividingBy: shape.n)
      let shares = (0..<shape.k).map { exp(3 * Double(scores[i, $0])) }, sum = shares.reduce(0, +)
      let exact = zip(shares, w[j * shape.k..<(j + 1) * shape.k]).reduce(0) { $0 + $1.0 * Double($1.1) } / sum
      // Each exponential is off by half a step at most, and a weight differs from the mean by 2; itself it is off by half a
      // 127th.
      let error = Double(shape.k) * shares.max()! / sum / 255 + 1 / 254.0
      #expect(abs(Double(y) - exact) <= error, "\(i), \(j)")
    }
  }

  /// Where softmax is converted in one step, as in two: with the same bits.
  @Test(arguments: shapes) func softmaxInBfloat16(shape: Shape) {
    let padded = Kernels.padded(shape.k), numbers = numbers(shape.m * padded, seed: 1)
    for kernels in paths {
      let products = ProductKernels(inHeads: .bfloat16, kernels: kernels)
      guard products.convertsSoftmax else { continue }
      var scratch = Scratch(Workspace())
      let scores = Tensor(numbers, shape: [shape.m, padded]).matrix, count = products.inputCount(shape.k)
      let same = Tensor(numbers, shape: [shape.m, padded]).matrix
      let inputs = Tensor(zeros: [shape.m, count]), expected = Tensor(zeros: [shape.m, count])
      products.convertSoftmax(scores, count: shape.k, scale: 3, into: inputs.matrix)
      kernels.softmax(same, count: shape.k, scale: 3)
      products.convert(same.columns(0..<shape.k), into: expected.matrix, &scratch)
      #expect(bits(inputs.values) == bits(expected.values), "\(kernels.path)")
    }
  }

  @Test func numbersThatAreNotFiniteSpreadInHeads() {
    let shape = Shape(m: 3, n: 5, k: 70), padded = Kernels.padded(70)
    for (special, kernels) in [Float.nan, .infinity].flatMap({ special in paths.map { (special, $0) } }) {
      var x = numbers(3 * padded, seed: 1), w = numbers(5 * 70, seed: 2)
      (x[padded + 69], w[2 * 70 + 3]) = (special, special)
      func isFinite(_ convert: (ProductKernels, MatrixView, inout Scratch) -> Void) -> [Bool] {
        headProduct(kernels, shape, w, byRows: true, convert: convert).map(\.isFinite)
      }
      let rows = Tensor(x, shape: [3, padded]).matrix, expected = (0..<15).map { $0 / 5 != 1 && $0 % 5 != 2 }
      #expect(isFinite { $0.convert(rows.columns(0..<70), into: $1, &$2) } == expected, "\(kernels.path)")
      #expect(
        isFinite { products, inputs, _ in products.convertSoftmax(rows, count: 70, scale: 1, into: inputs) }
          == expected,
        "\(kernels.path)")
    }
  }

  /// More than 66,311 products of 255 and 127 do not fit 32 bits.
  @Test func aVeryLongTextInInt8() {
    let count = 70_000, head = AttentionHead(headSize: 4, kernels: .best, precision: .int8, dropout: nil)
    let ones = Tensor(Array(repeating: 1, count: 12 * count), shape: [count, 12]), result = Tensor(zeros: [1, 4])
    var scratch = Scratch(Workspace())
    head.attend(
      ones.matrix, bias: nil, into: result.matrix, .init(tokens: 0..<count, text: 0, head: 0, query: 0), &scratch)
    #expect(result.values.allSatisfy { abs($0 - 1) < 1e-3 }, "\(result.values)")
  }

  private func rounded(_ x: Float) -> Float {
    let bits = x.bitPattern, lower = bits & 0xffff, upper = bits >> 16
    let up = lower > 0x8000 || lower == 0x8000 && upper & 1 == 1
    return Float(bitPattern: (upper + (up ? 1 : 0)) << 16)
  }

  @Test(arguments: shapes) func bfloat16(shape: Shape) {
    let x = numbers(shape.m * shape.k, seed: 1), w = numbers(shape.n * shape.k, seed: 2)
    let bias = numbers(shape.n, seed: 3)
    for kernels in paths {
      let y = product(.bfloat16, kernels, shape, x, w, bias: bias)
      for i in 0..<shape.m {
        for j in 0..<shape.n {
          let terms = (0..<shape.k).map { Double(rounded(x[i * shape.k + $0])) * Double(rounded(w[j * shape.k + $0])) }
          let sum = terms.reduce(Double(bias[j]), +), size = terms.reduce(1) { $0 + abs($1) }
          #expect(abs(Double(y[i * shape.n + j]) - sum) < 1e-6 * size, "\(kernels.path)")
        }
      }
    }
  }

  /// The gradient of weights: dW + dz^T x, `[n, m]`, of k tokens with n and m features.
  private func added(
    _ kernels: Kernels, _ shape: Shape, _ x: Tensor, _ gradient: Tensor, to start: [Float], tokens: [Range<Int>]
  ) -> [Float] {
    let products = ProductKernels(.bfloat16, kernels: kernels), sum = Tensor(start, shape: [shape.n, shape.m])
    var scratch = Scratch(Workspace())
    for tokens in tokens {
      let packed = scratch.take(products.packedCount(inputs: tokens.count, outputs: shape.m))
      products.pack(x.matrix.rows(tokens), into: packed, &scratch)
      let inputs = scratch.take(rows: shape.n, columns: products.inputCount(tokens.count))
      products.convertColumns(gradient.matrix.rows(tokens), into: inputs)
      products.addProduct(inputs, inputs: tokens.count, packed: packed, to: sum.matrix)
    }
    return sum.values
  }

  /// Token by token: on CPUs whose dot product of pairs rounds twice, the same bits as of float32 multiply-adds, and in any
  /// pieces of the tokens.
  @Test(arguments: shapes) func bfloat16OfColumns(shape: Shape) {
    let x = Tensor(numbers(shape.k * shape.m, seed: 1), shape: [shape.k, shape.m])
    let gradient = Tensor(numbers(shape.k * shape.n, seed: 2), shape: [shape.k, shape.n])
    let start = numbers(shape.n * shape.m, seed: 3)
    let expected = (0..<shape.n * shape.m).map { index in
      let (i, j) = index.quotientAndRemainder(dividingBy: max(shape.m, 1))
      return (0..<shape.k).reduce(start[index]) { $0.addingProduct(rounded(gradient[$1, i]), rounded(x[$1, j])) }
    }
    let third = shape.k / 3, pieces = [0..<third, third..<third + 1, third + 1..<shape.k].filter { !$0.isEmpty }
    for kernels in paths {
      for tokens in [[0..<shape.k], shape.k > 1 ? pieces : [0..<1]] {
        let sums = added(kernels, shape, x, gradient, to: start, tokens: tokens)
        for (sum, exact) in zip(sums, expected) { #expect(abs(sum - exact) < 1e-4, "\(kernels.path)") }
        // The pieces must agree on every CPU, the paths where float32 computes.
        let whole = added(kernels, shape, x, gradient, to: start, tokens: [0..<shape.k])
        #expect(bits(sums) == bits(whole), "\(kernels.path)")
        if kernels.path != "avx512" { #expect(bits(sums) == bits(expected), "\(kernels.path)") }
      }
    }
  }
}
