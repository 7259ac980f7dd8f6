// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

/// The operations for users' losses, on numbers that are checked by hand.
struct VariableTests {
  private let x = Variable(Tensor([1, 2, 3, 4], shape: [2, 2]))
  private let y = Variable(Tensor([1, 0, 0, 2], shape: [2, 2]))

  @Test func operators() {
    #expect((x + y).values == [2, 2, 3, 6] && (x + 1).values == [2, 3, 4, 5] && (1 + x).values == (x + 1).values)
    #expect((x - y).values == [0, 2, 3, 2] && (x - 1).values == [0, 1, 2, 3] && (5 - x).values == [4, 3, 2, 1])
    #expect((x * y).values == [1, 0, 0, 8] && (x * 2).values == (2 * x).values)
    #expect((y / x).values == [1, 0, 0, 0.5] && (x / 2).values == [0.5, 1, 1.5, 2])
    #expect((12 / x).values == [12, 6, 4, 3] && (-x).values == [-1, -2, -3, -4])
    #expect(x.shape == [2, 2] && x.count == 4 && x.tensor[1, 0] == 3)
  }

  @Test func functions() {
    #expect((x - 2).absoluteValue().values == [1, 0, 1, 2] && (x - 3).relu().values == [0, 0, 0, 1])
    #expect(x.square().squareRoot().values == x.values && x.power(3).values == [1, 8, 27, 64])
    let one = x.logarithm().exponential().values
    #expect(zip(one, x.values).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(zip(x.power(0.5 as Float).values, x.squareRoot().values).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect((x * 100).softplus().values == [100, 200, 300, 400])
    #expect(pointwiseMax(x, y + 2).values == [3, 2, 3, 4] && pointwiseMin(x, 2).values == [1, 2, 2, 2])
    #expect(pointwiseMax(x, 2).values == [2, 2, 3, 4] && pointwiseMin(x, y).values == [1, 0, 0, 2])
  }

  @Test func reductions() {
    #expect(x.sum().values == [10] && x.mean().values == [2.5])
    #expect(x.sum(axis: 0).values == [4, 6] && x.mean(axis: 1, keepsAxis: true).shape == [2, 1])
    #expect(x.max(axis: 1).values == [2, 4] && x.min(axis: 0).values == [1, 2])
    #expect(x.rowMaxima { $0 != $1 }.values == [2, 3] && x.rowMinima().values == [1, 3])
    #expect((x * 0).rowLogSumExps().values.allSatisfy { abs($0 - 0.6931472) < 1e-6 })
    #expect(x.masked(where: { $0 == $1 }, fill: 0).sum(axis: 1).values == [2, 3])
  }

  @Test func selections() {
    #expect(x.rows([1, 1]).values == [3, 4, 3, 4] && x.rows(0..<1).values == [1, 2])
    #expect(x.columns(1..<2).values == [2, 4] && x.elements([3, 0]).values == [4, 1])
    #expect(x.concatenated(with: y).shape == [4, 2] && x.reshaped([4]).shape == [4])
    #expect(x.transposed().values == [1, 3, 2, 4] && x.rows(0..<1).broadcast(to: [2, 2]).values == [1, 2, 1, 2])
  }

  @Test func productsAndDistances() {
    #expect(x.dotProducts(with: y).values == [1, 8] && x.dotProducts(withAll: y).values == [1, 4, 3, 8])
    #expect(x.matrixProduct(y).values == [1, 4, 3, 8])
    #expect(x.normalized().square().sum(axis: 1).values.allSatisfy { abs($0 - 1) < 1e-6 })
    #expect(x.distances(to: y, .squaredEuclidean).values == [4, 13])
    #expect(abs(x.cosines(to: y).values[0] - 0.4472136) < 1e-6)
    #expect(x.distancesAmongRows(.squaredEuclidean).values == [0, 8, 8, 0])
    #expect(x.distancesAmongRows(.squaredEuclidean, of: 1..<2).values == [8, 0])
  }

  @Test func tensors() {
    let zeros = Tensor(zeros: [2, 3])
    #expect(zeros.count == 6 && zeros.reshaped([3, 2]).shape == [3, 2])
    #expect(x.tensor.withSpan { $0.count } == 4)
  }
}
