// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletTensors
import TestSupport
import Testing

/// The ops for losses: results and gradients against their twins, and edge cases.
@Suite struct LossOpTests {
  // MARK: Distances

  @Test(arguments: Distance.allCases, [(2, 3), (7, 128), (70, 19)])
  func distancesAmongRows(distance: Distance, shape: (Int, Int)) {
    GradientChecker(randomTensor(shape.0, shape.1, seed: 1)) { _, inputs in
      inputs[0].distancesAmongRows(distance)
    }.expect(coordinates: 20) { inputs, _ in
      let rows = twinRows(inputs[0], shape.1)
      return rows.indices.flatMap { i in
        // The derivative of a root at 0 counts as 0, so the twin does not move an element's distance to itself.
        rows.indices.map { j in i == j ? 0 : twinDistance(rows[i], rows[j], distance) }
      }
    }
  }

  @Test(arguments: Distance.allCases, [(1, 3), (7, 128), (70, 19)])
  func distancesOfPairs(distance: Distance, shape: (Int, Int)) {
    GradientChecker(randomTensor(shape.0, shape.1, seed: 1), randomTensor(shape.0, shape.1, seed: 2)) {
      $1[0].distances(to: $1[1], distance)
    }.expect(coordinates: 60) { inputs, _ in
      zip(twinRows(inputs[0], shape.1), twinRows(inputs[1], shape.1)).map { twinDistance($0, $1, distance) }
    }
  }

  /// Distances are symmetric to the bit. Equal rows, and a row and itself, are at exactly 0.
  @Test(arguments: Distance.allCases) func distancesAreSymmetricAndEqualRowsAtZero(distance: Distance) {
    var values = randomNumbers(33 * 100, 1).map { $0 + 3 }
    values.replaceSubrange(32 * 100..<33 * 100, with: values[500..<600])
    let outcome = GradientChecker(Tensor(values, shape: [33, 100])) {
      $1[0].distancesAmongRows(distance)
    }.expectSameBits()
    for i in 0..<33 {
      #expect(outcome.result[i * 34] == 0)
      for j in 0..<33 { #expect(outcome.result[i * 33 + j] == outcome.result[j * 33 + i]) }
    }
    #expect(outcome.result[5 * 33 + 32] == 0)
  }

  @Test(arguments: Distance.allCases) func distancesOfEqualRowsHaveNoGradient(distance: Distance) {
    let row: [Float] = [0.1, -0.7, 1.9, 2.3], x = Tensor(row + row + row, shape: [3, 4])
    let among = GradientChecker(x) { $1[0].distancesAmongRows(distance) }.expectSameBits()
    #expect((among.result + among.inputs[0]).allSatisfy { Float(bitPattern: $0) == 0 })
    guard distance != .cosine else { return }  // 1 minus a rounded cosine is only nearly 0, and so is its gradient.
    let pairs = GradientChecker(x, x) { $1[0].distances(to: $1[1], distance) }.expectSameBits()
    #expect((pairs.result + pairs.inputs[0] + pairs.inputs[1]).allSatisfy { Float(bitPattern: $0) == 0 })
  }

  /// A vector of zeros has the cosine 0 to all vectors.
  @Test func cosineDistancesOfZeros() {
    let x = Tensor([0, 0, 3, 4], shape: [2, 2])
    let among = GradientChecker(x) { $1[0].distancesAmongRows(.cosine) }.expectSameBits()
    #expect(among.result == bits([1, 1, 1, 0]))
    let pairs = GradientChecker(x, Tensor([5, 6, 0, 0], shape: [2, 2])) {
      $1[0].distances(to: $1[1], .cosine)
    }.expectSameBits()
    #expect(pairs.result == bits([1, 1]))
  }

  /// The distance of rows that are near each other and far from 0 comes from their difference.
  @Test func pairsDoNotCancel() {
    let x = Tensor([1000, 1000], shape: [1, 2]), y = Tensor([1000.0625, 1000], shape: [1, 2])
    let outcome = GradientChecker(x, y) { $1[0].distances(to: $1[1]) }.expectSameBits()
    let weight = GradientChecker.weights(count: 1)[0]
    #expect(outcome.result == bits([0.0625]))
    #expect(outcome.inputs[0].map(Float.init(bitPattern:)) == [-weight, 0])
  }

  /// NaN in a row gives NaN in its distances.
  @Test(arguments: Distance.allCases) func distancesToNaN(distance: Distance) {
    let outcome = GradientChecker(Tensor([1, 2, .nan, 4, 5, 6], shape: [3, 2])) {
      $1[0].distancesAmongRows(distance)
    }.run(on: .best, threads: 1)
    let isNaN = outcome.result.map { Float(bitPattern: $0).isNaN }
    #expect(isNaN == [false, true, false, true, true, true, false, true, false])
    #expect(outcome.inputs[0].contains { Float(bitPattern: $0).isNaN })
  }

  @Test func cosines() {
    GradientChecker(randomTensor(9, 37, seed: 1), randomTensor(9, 37, seed: 2)) {
      $1[0].cosines(to: $1[1])
    }.expect { inputs, _ in
      zip(twinRows(inputs[0], 37), twinRows(inputs[1], 37)).map { 1 - twinDistance($0, $1, .cosine) }
    }
  }

  @Test func dotProducts() {
    GradientChecker(randomTensor(9, 37, seed: 1), randomTensor(9, 37, seed: 2)) {
      $1[0].dotProducts(with: $1[1])
    }.expect { inputs, _ in zip(twinRows(inputs[0], 37), twinRows(inputs[1], 37)).map(twinDot) }
  }

  @Test(arguments: [(1, 1), (9, 70), (70, 9)]) func allDotProducts(counts: (Int, Int)) {
    GradientChecker(randomTensor(counts.0, 37, seed: 1), randomTensor(counts.1, 37, seed: 2)) {
      $1[0].dotProducts(withAll: $1[1])
    }.expect(coordinates: 60) { inputs, _ in
      twinRows(inputs[0], 37).flatMap { x in twinRows(inputs[1], 37).map { twinDot(x, $0) } }
    }
  }

  // MARK: Elements

  @Test func arithmetic() {
    GradientChecker(randomTensor(5, 7, seed: 1), randomTensor(5, 7, seed: 2)) { _, inputs in
      let (x, y) = (inputs[0], inputs[1])
      return (x + y - y * 3) * (2 - (x + 0.5))
    }.expect { inputs, _ in zip(inputs[0], inputs[1]).map { ($0 + $1 - 3 * $1) * (2 - ($0 + 0.5)) } }
  }

  @Test func functions() {
    GradientChecker(randomTensor(5, 7, seed: 1)) { _, inputs in
      let x = inputs[0]
      return (x.relu() + (x * 5).softplus()).squareRoot()
    }.expect { inputs, _ in
      inputs[0].map { (max($0, 0) + log(1 + exp(5 * $0))).squareRoot() }
    }
  }

  @Test func squaresAndAbsoluteValues() {
    GradientChecker(randomTensor(5, 7, seed: 1)) { _, inputs in
      inputs[0].square() + inputs[0].absoluteValue()
    }.expect { inputs, _ in inputs[0].map { $0 * $0 + abs($0) } }
    let outcome = GradientChecker(Tensor([0, -.infinity, .nan], shape: [3])) { $1[0].absoluteValue() }
      .run(on: .best, threads: 1)
    let values = outcome.result.map(Float.init(bitPattern:))
    #expect(values[0] == 0 && Float(bitPattern: outcome.inputs[0][0]) == 0)
    #expect(values[1] == .infinity && values[2].isNaN)
  }

  /// Softplus neither overflows nor loses small results.
  @Test func softplusOfLargeNumbers() {
    let outcome = GradientChecker(Tensor([1000, -1000, 0], shape: [3])) { $1[0].softplus() }.expectSameBits()
    let weights = GradientChecker.weights(count: 3)
    #expect(outcome.result == bits([1000, 0, 0.693_147_2]))
    #expect(outcome.inputs[0] == bits([weights[0], weights[1] * 0, weights[2] / 2]))
  }

  @Test func rootsOfZeroHaveNoGradient() {
    let outcome = GradientChecker(Tensor([0, 4], shape: [2])) { $1[0].squareRoot() }.expectSameBits()
    #expect(outcome.result == bits([0, 2]))
    #expect(outcome.inputs[0] == bits([0, GradientChecker.weights(count: 2)[1] / 4]))
  }

  // MARK: Reductions

  @Test func sumsAndMeans() {
    GradientChecker(randomTensor(5, 37, seed: 1)) { _, inputs in
      inputs[0].sum() + inputs[0].mean()
    }.expect { inputs, _ in [inputs[0].reduce(0, +) * (1 + 1.0 / 185)] }
  }

  @Test func theMeanOfNothingIsZero() {
    let outcome = GradientChecker(Tensor(zeros: [0])) { $1[0].mean() }.expectSameBits()
    #expect(outcome == .init(result: [0], inputs: [[]]))
  }

  @Test(arguments: [1, 16, 37]) func logSumExps(columns: Int) {
    GradientChecker(randomTensor(5, columns, seed: 1)) { _, inputs in
      (inputs[0] * 10).rowLogSumExps()
    }.expect { inputs, _ in
      twinRows(inputs[0], columns).map { row in log(row.reduce(0) { $0 + exp(10 * $1) }) }
    }
  }

  @Test func logSumExpsOfLargeNumbers() {
    let x = Tensor([1000, 1000, -1000, -1000, 0, -.infinity], shape: [3, 2])
    let outcome = GradientChecker(x) { $1[0].rowLogSumExps() }.expectSameBits()
    #expect(outcome.result == bits([1000 + 0.693_147_2, -1000 + 0.693_147_2, 0]))
    #expect(outcome.inputs[0].allSatisfy { Float(bitPattern: $0).isFinite })
  }

  /// As in PyTorch.
  @Test func logSumExpsOfInfinities() {
    let x = Tensor([-.infinity, -.infinity, .infinity, 1, -.infinity, .infinity, .nan, 1], shape: [4, 2])
    let sums = Variable(x).rowLogSumExps().values
    #expect(sums.dropLast() == [-.infinity, .infinity, .infinity] && sums[3].isNaN)
    // A row that is masked as a whole has no gradient.
    let masked = GradientChecker(randomTensor(2, 3, seed: 1)) { _, inputs in
      inputs[0].masked(where: { row, _ in row == 0 }, fill: -.infinity).rowLogSumExps()
    }.expectSameBits()
    #expect(masked.result[0] == (-Float.infinity).bitPattern && masked.inputs[0].prefix(3) == [0, 0, 0])
    #expect(masked.inputs[0].allSatisfy { Float(bitPattern: $0).isFinite })
  }

  @Test func extrema() {
    func isIncluded(_ row: Int, _ column: Int) -> Bool { row != 3 && (row + column) % 3 != 0 }
    GradientChecker(randomTensor(6, 21, seed: 1)) { _, inputs in
      inputs[0].rowMaxima(where: isIncluded) - inputs[0].rowMinima() * 2
    }.expect { inputs, _ in
      twinRows(inputs[0], 21).enumerated().map { index, row in
        let included = row.indices.filter { isIncluded(index, $0) }.map { row[$0] }
        return (included.max() ?? 0) - 2 * (row.min() ?? 0)
      }
    }
  }

  @Test func theFirstOfEqualExtremaHasTheGradient() {
    let x = Tensor([2, 5, 5, 2, 2, 5], shape: [2, 3]), weights = GradientChecker.weights(count: 2)
    let maxima = GradientChecker(x) { $1[0].rowMaxima() }.expectSameBits()
    #expect(maxima.inputs == [bits([0, weights[0], 0, 0, 0, weights[1]])])
    let minima = GradientChecker(x) { $1[0].rowMinima() }.expectSameBits()
    #expect(minima.inputs == [bits([weights[0], 0, 0, weights[1], 0, 0])])
  }

  @Test func extremaDoNotHideNaN() {
    let x = Tensor([1, .nan, 3, .nan, 7, 0], shape: [2, 3])
    for outcome in [
      GradientChecker(x) { $1[0].rowMaxima() }.run(on: .best, threads: 1),
      GradientChecker(x) { $1[0].rowMinima() }.run(on: .best, threads: 1),
    ] {
      #expect(outcome.result.allSatisfy { Float(bitPattern: $0).isNaN })
    }
  }

  // MARK: Selection

  @Test func selections() {
    GradientChecker(randomTensor(4, 21, seed: 1)) { _, inputs in
      let columns = inputs[0].rows([3, 0, 3, 1, 3]).columns(2..<20)
      return columns.reshaped([9, 10]).elements([89, 0, 0, 17, 18, 40])
    }.expect { inputs, _ in
      [(4, 17), (0, 0), (0, 0), (0, 17), (1, 0), (2, 4)].map { row, column in
        inputs[0][[3, 0, 3, 1, 3][row] * 21 + column + 2]
      }
    }
  }

  /// The gradient of a concatenation may also be another variable's gradient.
  @Test func concatenation() {
    GradientChecker(randomTensor(4, 5, seed: 1), randomTensor(2, 5, seed: 2), randomTensor(6, 5, seed: 3)) {
      let both = $1[0].concatenated(with: $1[1])
      return both + $1[2] + $1[1].concatenated(with: $1[0])
    }.expect { inputs, _ in
      zip(zip(inputs[0] + inputs[1], inputs[1] + inputs[0]), inputs[2]).map { $0.0 + $0.1 + $1 }
    }
  }

  /// A constant has no gradient, and none is computed for it.
  @Test func constants() {
    let x = randomTensor(3, 5, seed: 1), y = randomTensor(3, 5, seed: 2)
    GradientChecker(x) { _, inputs in
      (inputs[0] * Variable(y)).distances(to: Variable(y))
    }.expect { inputs, _ in
      let constant = y.values.map(Double.init)
      let products = zip(inputs[0], constant).map(*)
      return zip(twinRows(products, 5), twinRows(constant, 5)).map { twinDistance($0, $1, .euclidean) }
    }
  }

  /// On constants alone, an op needs no context, and its result is a constant.
  @Test func constantsAlone() {
    let x = Variable(Tensor([1, 2, 3, 4], shape: [2, 2]))
    let y = (x.matrixProduct(x) - 1).sum(axis: 0)
    #expect(y.values == [20, 30] && y.node == nil)
  }

  /// A tape is released, even without a backward pass: what it keeps does not keep the tape.
  @Test func aTapeThatIsNotRunIsReleased() {
    weak var released: Tape?
    do {
      let tape = Tape()
      released = tape
      let x = Context(kernels: .best, worker: .alone(), tape: tape).input(randomTensor(3, 5, seed: 1))
      _ = ((x + 1) * x / (x.square() + 2)).normalized().distancesAmongRows(of: 0..<2).rowLogSumExps().mean()
    }
    #expect(released == nil)
  }

  @Test func misuseStopsTheProgram() async {
    await #expect(processExitsWith: .failure) { misuse { $0.distances(to: $1) } }
    await #expect(processExitsWith: .failure) { misuse { $0.dotProducts(with: $1) } }
    await #expect(processExitsWith: .failure) { misuse { $0.dotProducts(withAll: $1) } }
    await #expect(processExitsWith: .failure) { misuse { $0 * $1 } }
    await #expect(processExitsWith: .failure) { misuse { $0.concatenated(with: $1) } }
    await #expect(processExitsWith: .failure) { misuse { x, _ in x.rows([1, 2]) } }
    await #expect(processExitsWith: .failure) { misuse { x, _ in x.columns(1..<4) } }
    await #expect(processExitsWith: .failure) { misuse { x, _ in x.elements([6]) } }
    await #expect(processExitsWith: .failure) { misuse { x, _ in x.reshaped([5]) } }
    await #expect(processExitsWith: .failure) { misuse { $0.matrixProduct($1) } }
    await #expect(processExitsWith: .failure) { misuse { x, _ in x.broadcast(to: [2, 1]) } }
    await #expect(processExitsWith: .failure) { misuse { x, _ in x.sum(axis: 2) } }
    await #expect(processExitsWith: .failure) {
      // An op on variables of two computations.
      let kernels = Kernels.best
      let x = Context(kernels: kernels, worker: .alone(), tape: Tape()).input(Tensor([1], shape: [1]))
      let y = Context(kernels: kernels, worker: .alone(), tape: Tape()).input(Tensor([1], shape: [1]))
      _ = x + y
    }
  }
}

/// Runs an op on variables of incompatible shapes, `[2, 3]` and `[2, 4]`.
private func misuse(_ op: @escaping (Variable, Variable) -> Variable) {
  _ = GradientChecker(randomTensor(2, 3, seed: 1), randomTensor(2, 4, seed: 2)) { op($1[0], $1[1]) }
    .run(on: .best, threads: 1)
}

private func twinRows(_ values: [Double], _ columns: Int) -> [[Double]] {
  stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) }
}

private func twinDot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }

private func twinDistance(_ x: [Double], _ y: [Double], _ distance: Distance) -> Double {
  let squared = zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return switch distance {
  case .euclidean: squared.squareRoot()
  case .squaredEuclidean: squared
  case .cosine: 1 - twinDot(x, y) / (twinDot(x, x) * twinDot(y, y)).squareRoot()
  }
}
