// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletTensors
import TestSupport
import Testing

/// The ops for users' formulas, besides those that the losses here use: functions, broadcasting, axes, masks and
/// products, against their twins.
@Suite struct FormulaOpTests {
  // MARK: Functions

  /// Numbers from 0.2 to 1.8.
  private func positive(_ shape: Int..., seed: UInt64) -> Tensor {
    Tensor(randomNumbers(shape.reduce(1, *), seed).map { 1 + 0.8 * $0 }, shape: shape)
  }

  @Test func exponentialsAndLogarithms() {
    GradientChecker(positive(5, 7, seed: 1)) { _, inputs in
      (inputs[0] * 3).exponential() - inputs[0].logarithm()
    }.expect { inputs, _ in inputs[0].map { exp(3 * $0) - log($0) } }
  }

  @Test func quotients() {
    GradientChecker(randomTensor(5, 7, seed: 1), positive(5, 7, seed: 2)) { _, inputs in
      inputs[0] / inputs[1] + 3 / inputs[1] - inputs[0] / 7
    }.expect { inputs, _ in zip(inputs[0], inputs[1]).map { $0 / $1 + 3 / $1 - $0 / 7 } }
  }

  @Test(arguments: [0, 1, 2, 3, 7, -1, -2]) func wholePowers(exponent: Int) {
    let twin: ([[Double]], [[Double]]) -> [Double] = { inputs, _ in inputs[0].map { pow($0, Double(exponent)) } }
    GradientChecker(positive(5, 7, seed: 1)) { $1[0].power(exponent) }.expect(twin: twin)
    // Whole powers of negative numbers are defined, too.
    let negative = Tensor(positive(5, 7, seed: 1).values.map { -$0 }, shape: [5, 7])
    GradientChecker(negative) { $1[0].power(exponent) }.expect(twin: twin)
  }

  @Test(arguments: [0.5, 2.5, -1.5] as [Float]) func powers(exponent: Float) {
    GradientChecker(positive(5, 7, seed: 1)) { $1[0].power(exponent) }.expect { inputs, _ in
      inputs[0].map { pow($0, Double(exponent)) }
    }
    let edges = GradientChecker(Tensor([0, -1, .nan], shape: [3])) { $1[0].power(2.5 as Float) }.expectSameBits()
    let values = edges.result.map(Float.init(bitPattern:))
    #expect(values[0] == 0 && values[1].isNaN && values[2].isNaN)
  }

  @Test func pointwiseExtrema() {
    GradientChecker(randomTensor(5, 7, seed: 1), randomTensor(5, 7, seed: 2)) { _, inputs in
      pointwiseMax(inputs[0], inputs[1]) * 2 + pointwiseMin(inputs[0], 0.25)
    }.expect { inputs, _ in zip(inputs[0], inputs[1]).map { max($0, $1) * 2 + min($0, 0.25) } }
  }

  /// As in PyTorch.
  @Test func equalNumbersShareTheGradient() {
    let weights = GradientChecker.weights(count: 3), x = Tensor([1, .nan, 3], shape: [3])
    let outcome = GradientChecker(x, Tensor([1, 2, .nan], shape: [3])) { pointwiseMax($1[0], $1[1]) }.expectSameBits()
    #expect(outcome.result[0] == Float(1).bitPattern)
    #expect(outcome.result.dropFirst().allSatisfy { Float(bitPattern: $0).isNaN })
    #expect(outcome.inputs[0] == bits([weights[0] / 2, weights[1], 0]))
    #expect(outcome.inputs[1] == bits([weights[0] / 2, 0, weights[2]]))
  }

  // MARK: Broadcasting

  @Test func rowsAndColumns() {
    GradientChecker(randomTensor(5, 37, seed: 1), randomTensor(5, 1, seed: 2), randomTensor(37, seed: 3)) {
      _, inputs in
      (inputs[0] - inputs[1]) * inputs[2] + inputs[1] * inputs[2] * 3
    }.expect { inputs, _ in
      (0..<5 * 37).map { (place: Int) -> Double in
        let column = inputs[1][place / 37], row = inputs[2][place % 37]
        return (inputs[0][place] - column) * row + column * row * 3
      }
    }
  }

  @Test func threeAxes() {
    GradientChecker(randomTensor(3, 1, 5, seed: 1), randomTensor(4, 1, seed: 2)) { _, inputs in
      inputs[0] * inputs[1]
    }.expect { inputs, _ in
      (0..<60).map { (place: Int) -> Double in
        let x = inputs[0][place / 20 * 5 + place % 5], y = inputs[1][place / 5 % 4]
        return x * y
      }
    }
    let none = Variable(Tensor(zeros: [0])) / 2
    #expect(none.shape == [0] && none.sum().values == [0])
    GradientChecker(randomTensor(1, seed: 1)) { $1[0].broadcast(to: [2, 3]) }.expect { inputs, _ in
      Array(repeating: inputs[0][0], count: 6)
    }
  }

  /// Broadcasting with a number of no axis adds none.
  @Test func constantsKeepTheShape() {
    let x = Variable(Tensor([3], shape: []))
    for y in [x + 1, x * 2, x / 2, 2 / x, pointwiseMax(x, 1), pointwiseMin(x, 1)] { #expect(y.shape == []) }
  }

  // MARK: Axes

  @Test(arguments: [0, 1, 2]) func sumsAndMeansAlongAnAxis(axis: Int) {
    let shape = [3, 21, 5], extent = Double(shape[axis])
    func twin(_ x: [Double]) -> [Double] { along(axis, shape, x) { $0.reduce(0, +) * (1 + 2 / extent) } }
    GradientChecker(randomTensor(3, 21, 5, seed: 1)) { _, inputs in
      inputs[0].sum(axis: axis) + inputs[0].mean(axis: axis) * 2
    }.expect { inputs, _ in twin(inputs[0]) }
    GradientChecker(randomTensor(3, 21, 5, seed: 1)) { _, inputs in
      inputs[0] - inputs[0].mean(axis: axis, keepsAxis: true)
    }.expect { inputs, _ in
      let means = along(axis, shape, inputs[0]) { $0.reduce(0, +) / extent }
      let inner = shape[(axis + 1)...].reduce(1, *)
      return inputs[0].indices.map { (place: Int) -> Double in
        let mean = place / (inner * shape[axis]) * inner + place % inner
        return inputs[0][place] - means[mean]
      }
    }
  }

  @Test(arguments: [0, 1, 2]) func extremaAlongAnAxis(axis: Int) {
    let shape = [3, 21, 5]
    GradientChecker(randomTensor(3, 21, 5, seed: 1)) { _, inputs in
      inputs[0].max(axis: axis) - inputs[0].min(axis: axis, keepsAxis: true).reshaped(
        shape.indices.filter { $0 != axis }.map { shape[$0] }) * 2
    }.expect { inputs, _ in along(axis, shape, inputs[0]) { $0.max()! - 2 * $0.min()! } }
  }

  /// A function of the numbers along an axis, for each place of the others.
  private func along(_ axis: Int, _ shape: [Int], _ x: [Double], _ function: ([Double]) -> Double) -> [Double] {
    let inner = shape[(axis + 1)...].reduce(1, *), extent = shape[axis]
    return (0..<x.count / extent).map { place in
      let start = place / inner * inner * extent + place % inner
      return function((0..<extent).map { x[start + $0 * inner] })
    }
  }

  // MARK: Masks

  @Test func masks() {
    GradientChecker(randomTensor(4, 6, seed: 1)) { _, inputs in
      inputs[0].masked(where: { $0 == $1 }, fill: 7) * inputs[0]
    }.expect { inputs, _ in
      inputs[0].enumerated().map { (place: Int, x: Double) -> Double in place / 6 == place % 6 ? 7 * x : x * x }
    }
  }

  /// Minus infinity adds nothing to a sum of exponentials and has no gradient.
  @Test func hiddenScores() {
    GradientChecker(randomTensor(4, 6, seed: 1)) { _, inputs in
      (inputs[0] * 20).masked(where: { $0 == $1 }, fill: -.infinity).rowLogSumExps()
    }.expect { inputs, _ in
      (0..<4).map { (row: Int) -> Double in
        var sum = 0.0
        for column in 0..<6 where column != row { sum += exp(20 * inputs[0][row * 6 + column]) }
        return log(sum)
      }
    }
  }

  // MARK: Products

  @Test(arguments: [(1, 1, 1), (9, 37, 70), (70, 3, 9)]) func matrixProducts(shape: (Int, Int, Int)) {
    let (rows, depth, columns) = shape
    GradientChecker(randomTensor(rows, depth, seed: 1), randomTensor(depth, columns, seed: 2)) {
      $1[0].matrixProduct($1[1])
    }.expect(coordinates: 60) { inputs, _ in
      twinProduct(
        rows: rows, columns: columns, depth: depth, { inputs[0][$0 * depth + $1] }, { inputs[1][$0 * columns + $1] })
    }
  }

  private func twinProduct(
    rows: Int, columns: Int, depth: Int, _ x: (Int, Int) -> Double, _ y: (Int, Int) -> Double
  ) -> [Double] {
    var product: [Double] = []
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for index in 0..<depth { sum += x(row, index) * y(index, column) }
        product.append(sum)
      }
    }
    return product
  }

  @Test func transposition() {
    GradientChecker(randomTensor(5, 7, seed: 1)) { _, inputs in
      inputs[0].transposed().matrixProduct(inputs[0])
    }.expect { inputs, _ in
      twinProduct(
        rows: 7, columns: 7, depth: 5, { inputs[0][$1 * 7 + $0] }, { inputs[0][$0 * 7 + $1] })
    }
  }

  // MARK: Some rows of all distances

  /// The bits equal those of all distances. The gradients are equal up to rounding.
  @Test(arguments: Distance.allCases, [0..<3, 3..<33, 5..<6]) func distancesOfSomeRows(
    distance: Distance, rows: Range<Int>
  ) {
    var values = randomNumbers(33 * 19, 1)
    values.replaceSubrange(4 * 19..<5 * 19, with: values[19..<2 * 19])
    let x = Tensor(values, shape: [33, 19]), weights = GradientChecker.weights(count: rows.count * 33)
    var some = GradientChecker(x) { $1[0].distancesAmongRows(distance, of: rows) }
    some.weights = weights
    var all = GradientChecker(x) { $1[0].distancesAmongRows(distance).rows(rows) }
    all.weights = weights
    let (first, second) = (some.expectSameBits(), all.expectSameBits())
    #expect(first.result == second.result)
    let gradients = [first, second].map { $0.inputs[0].map { Double(Float(bitPattern: $0)) } }
    #expect(relativeDistance(gradients[0].map { Float($0) }, gradients[1]) <= 1e-5)
  }
}
