// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import SwiftletTraining
import Testing

/// Losses of shortened vectors: which dimensions are taken, how the losses add up, and what is refused.
@Suite struct LossMatryoshkaTests {
  @Test func dimensionsDescend() throws {
    let dimensions = try MatryoshkaDimensions([64, 384, 128], of: 384, weights: [1, 2, 3])
    #expect(dimensions.dimensions == [384, 128, 64] && dimensions.weights == [2, 3, 1])
    #expect(try MatryoshkaDimensions([1, 2], of: 2).weights == [1, 1])
  }

  @Test func badDimensions() {
    func error(_ dimensions: [Int], _ weights: [Float]? = nil) -> String? {
      #expect(throws: LossError.self) { try MatryoshkaDimensions(dimensions, of: 384, weights: weights) }?.description
    }
    #expect(error([]) == "there are no dimensions to cut vectors to; give one or more")
    #expect(error([128, 385]) == "vectors of 384 features cannot be cut to 385; give dimensions from 1 to 384")
    #expect(error([0]) == "vectors of 384 features cannot be cut to 0; give dimensions from 1 to 384")
    #expect(error([64, 128, 64]) == "the dimension 64 is given twice; give it once")
    #expect(error([64], [.nan]) == "the weight nan of a dimension is not a number from 0 up; give one")
  }

  /// (0.6, 0.8) and (1, 0), at any length, have the cosine 0.6, or 1 if cut to one feature.
  @Test func lossesOfShortenedVectorsAddUp() throws {
    let first = Tensor([6, 8], shape: [1, 2]), second = Tensor([5, 0], shape: [1, 2])
    let dimensions = try MatryoshkaDimensions([1, 2], of: 2, weights: [3, 2])
    let loss = MatryoshkaLoss(ContrastiveLoss(), dimensions: dimensions)
    let evaluation = try loss.evaluate(first: first, second: second, targets: [0])
    #expect(abs(evaluation.value - (2 * 0.1 * 0.1 + 3 * 0.5 * 0.5) / 2) <= 1e-6)
    #expect(abs(try #require(evaluation.statistics.hardestNegative) - 0.4) <= 1e-6)
    // All vectors are scaled to length 1.
    let squared = MatryoshkaLoss(MeanSquaredErrorLoss(), dimensions: dimensions)
    let distance = try squared.evaluate(first: first, second: second, targets: [1])
    #expect(abs(distance.value - 2 * (0.4 * 0.4 + 0.8 * 0.8) / 2) <= 1e-6)
  }

  @Test func aroundEachKind() throws {
    func make(_ loss: any NamedLoss.Type, _ dimensions: [Int]?) throws -> any Loss {
      try LossChoice(loss, matryoshkaDimensions: dimensions).make(hasUnitVectors: true, dimension: 3)
    }
    for loss in LossChoice.all where loss != SoftmaxCrossEntropyLoss.self {
      let value = try make(loss, nil).valueOfCollapse
      #expect(try make(loss, [2, 3, 1]).valueOfCollapse == value.map { $0 * 3 })
    }
    #expect(throws: LossError.noMatryoshka(loss: "softmax-cross-entropy")) {
      try make(SoftmaxCrossEntropyLoss.self, [1])
    }
  }

  @Test func collapse() throws {
    let loss = try MatryoshkaLoss(BatchHardTripletLoss(margin: 0.5), dimensions: [1, 3], of: 3)
    let x = Tensor([Float](repeating: 0.3, count: 4 * 3), shape: [4, 3])
    #expect(try loss.evaluate(x, labels: [0, 0, 1, 1]).value == loss.valueOfCollapse)
  }
}
