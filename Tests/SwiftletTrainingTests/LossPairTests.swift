// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletTensors
import SwiftletTraining
import Testing

/// The losses of pairs, rankings and classes on a few vectors, by hand, and edge cases.
@Suite struct LossPairTests {
  private static let pairs: [any Loss<PairBatch>] = [
    ContrastiveLoss(), ContrastiveLoss(distance: .euclidean), OnlineContrastiveLoss(),
    OnlineContrastiveLoss(distance: .squaredEuclidean), CosineHingeLoss(), CosineSimilarityLoss(), CoSENTLoss(),
    AnglELoss(), MeanSquaredErrorLoss(),
  ]
  private static let rankings: [any Loss<RankingBatch>] = [
    MultipleNegativesRankingLoss(), MultipleNegativesSymmetricRankingLoss(),
  ]

  /// Vectors of one number each.
  private func line(_ values: Float...) -> Tensor { Tensor(values, shape: [values.count, 1]) }

  private func isZero(_ gradient: Tensor) -> Bool { gradient.values.allSatisfy { $0 == 0 } }

  private func expect(_ value: Float, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(abs(Double(value) - expected) <= 1e-6, "\(value)", sourceLocation: sourceLocation)
  }

  /// Two unit vectors with a given cosine.
  private func pair(cosine: Float) -> (Tensor, Tensor) {
    (Tensor([1, 0], shape: [1, 2]), Tensor([cosine, (1 - cosine * cosine).squareRoot()], shape: [1, 2]))
  }

  // MARK: Pairs that are alike or not

  @Test func contrastive() throws {
    let loss = ContrastiveLoss(distance: .euclidean, margin: 2)
    let alike = try loss.evaluate(first: line(0), second: line(0.5), targets: [1])
    #expect(alike.value == 0.25 / 2 && alike.gradients.map(\.values) == [[-0.5], [0.5]])
    #expect(alike.statistics == BatchStatistics(activeFraction: 1, hardestPositive: 0.5))
    let different = try loss.evaluate(first: line(0), second: line(0.5), targets: [0])
    #expect(different.value == 2.25 / 2 && different.gradients.map(\.values) == [[1.5], [-1.5]])
    let both = try loss.evaluate(first: line(0, 0, 0), second: line(0.5, 0.5, 2), targets: [1, 0, 0])
    expect(both.value, (0.25 + 2.25) / 6)
    #expect(both.statistics.activeFraction == Float(2) / 3 && both.statistics.hardestNegative == 1.25)
  }

  @Test func onlineContrastiveTakesHardPairs() throws {
    let loss = OnlineContrastiveLoss(distance: .euclidean, margin: 4)
    func evaluate(positives: [Float], negatives: [Float]) throws -> LossEvaluation {
      let distances = Tensor(positives + negatives, shape: [positives.count + negatives.count, 1])
      return try loss.evaluate(
        first: Tensor(zeros: distances.shape), second: distances,
        targets: positives.map { _ in 1 } + negatives.map { _ in 0 })
    }
    // 0.25 is nearer than all negatives, and 5 is farther than all positives.
    let both = try evaluate(positives: [1, 3, 0.25], negatives: [2, 0.5, 5])
    expect(both.value, 1 + 9 + 4 + 12.25)
    #expect(both.gradients[1].values == [2, 6, 0, -4, -7, 0])
    expect(try #require(both.statistics.activeFraction), 4.0 / 6)
    let apart = try evaluate(positives: [1, 2], negatives: [3, 4])
    #expect(apart.value == 0 && apart.gradients.allSatisfy(isZero) && apart.statistics.activeFraction == 0)
    #expect(try evaluate(positives: [], negatives: [1, 3]).value == 9)
    #expect(try evaluate(positives: [1, 3], negatives: []).value == 9)
    // A single pair is no nearer and no farther than the mean.
    #expect(try evaluate(positives: [], negatives: [1]).value == 0)
    #expect(try evaluate(positives: [1], negatives: []).value == 0)
    #expect(try evaluate(positives: [1], negatives: [2]).value == 0)
    #expect(try evaluate(positives: [2], negatives: [1]).value == 4 + 9)
  }

  /// A target that is neither 1 nor 0 makes no pair of either kind.
  @Test func onlineContrastiveLeavesOutWhatIsBetween() throws {
    let loss = OnlineContrastiveLoss(distance: .euclidean, margin: 4)
    let evaluation = try loss.evaluate(first: line(0, 0, 0), second: line(2, 1, 9), targets: [1, 0, 0.5])
    #expect(evaluation.value == 4 + 9 && evaluation.gradients[1].values == [4, -6, 0])
  }

  @Test func cosineHinge() throws {
    let (x, y) = pair(cosine: 0.3), (u, v) = pair(cosine: 0.7)
    func value(_ margin: Float, _ first: Tensor, _ second: Tensor, _ target: Float) throws -> Float {
      try CosineHingeLoss(margin: margin).evaluate(first: first, second: second, targets: [target]).value
    }
    expect(try value(1, x, y, 1), 0.7)
    expect(try value(1, x, y, 0), 0.3)
    expect(try value(0.5, u, v, 1), 0)
    expect(try value(0.5, u, v, 0), 0.2)
  }

  @Test func meanSquaredErrorTakesPositives() throws {
    let first = Tensor([1, 2, 3, 4], shape: [2, 2]), second = Tensor([2, 5, 9, 9], shape: [2, 2])
    let evaluation = try MeanSquaredErrorLoss().evaluate(first: first, second: second, targets: [1, 0])
    #expect(evaluation.value == (1 + 9) / 2 && evaluation.gradients[0].values == [-1, -3, 0, 0])
    let none = try MeanSquaredErrorLoss().evaluate(first: first, second: second, targets: [0, 0])
    #expect(none.value == 0 && none.gradients.allSatisfy(isZero))
  }

  // MARK: Pairs with scores

  @Test func cosineSimilarity() throws {
    let first = Tensor([3, 4, 1, 0], shape: [2, 2]), second = Tensor([6, 8, 0, 1], shape: [2, 2])
    expect(try CosineSimilarityLoss().evaluate(first: first, second: second, targets: [0.5, 0]).value, 0.125)
  }

  /// Two pairs: one of cosine 1, one of cosine 0. For these vectors AnglE's measure is 1 for both.
  @Test func orderOfScores() throws {
    let first = Tensor([1, 0, 1, 0], shape: [2, 2]), second = Tensor([2, 0, 0, 3], shape: [2, 2])
    func value(_ loss: any Loss<PairBatch>, _ targets: [Float]) throws -> Float {
      try loss.evaluate(first: first, second: second, targets: targets).value
    }
    expect(try value(CoSENTLoss(), [5, 1]), log(1 + exp(-20.0)))
    expect(try value(CoSENTLoss(), [1, 5]), log(1 + exp(20.0)))
    expect(try value(AnglELoss(), [1, 5]), log(2))
    // exp(1000) is infinite.
    #expect(try value(CoSENTLoss(scale: 1000), [1, 5]) == 1000)
  }

  @Test func orderOfEqualScores() throws {
    for loss: any Loss<PairBatch> in [CoSENTLoss(), AnglELoss()] {
      for (first, second) in [(line(1, 2), line(3, -4)), (line(1), line(2))] {
        let targets = [Float](repeating: 0.5, count: first.count)
        let evaluation = try loss.evaluate(first: first, second: second, targets: targets)
        #expect(evaluation.value == 0 && evaluation.gradients.allSatisfy(isZero), "\(loss)")
      }
    }
  }

  // MARK: Rankings

  @Test func rankings() throws {
    let x = Tensor([1, 0, 0, 2], shape: [2, 2]), near = exp(-20.0)
    for loss in LossPairTests.rankings {
      let apart = try loss.evaluate(anchors: x, positives: x)
      expect(apart.value, log(1 + near))
      #expect(
        apart.statistics == BatchStatistics(activeFraction: 0, hardestPositive: 0, hardestNegative: 1), "\(loss)")
      let alone = try loss.evaluate(anchors: line(1), positives: line(2))
      #expect(alone.value == 0 && alone.gradients.allSatisfy(isZero) && alone.statistics.hardestNegative == nil)
      // The negative of the first anchor is its positive again, that of the second is its opposite.
      let negatives = Tensor([1, 0, 0, -1], shape: [2, 2])
      let confused = try loss.evaluate(anchors: x, positives: x, negatives: negatives)
      let forward = (log(2 + 2 * near) + log(1 + 2 * near + near * near)) / 2, backward = log(1 + near)
      expect(confused.value, loss is MultipleNegativesRankingLoss ? forward : (forward + backward) / 2)
      #expect(confused.statistics.hardestNegative == 0.5, "\(loss)")
    }
  }

  @Test func rankingOfEqualVectors() throws {
    let x = line(1, 1, 1), negatives = line(1, 1, 1, 1, 1, 1)
    let forward = try MultipleNegativesRankingLoss().evaluate(anchors: x, positives: x, negatives: negatives)
    expect(forward.value, log(9))
    let both = try MultipleNegativesSymmetricRankingLoss().evaluate(anchors: x, positives: x, negatives: negatives)
    expect(both.value, (log(9) + log(3)) / 2)
  }

  // MARK: Classes

  @Test func softmaxCrossEntropy() throws {
    let loss = SoftmaxCrossEntropyLoss()
    expect(try loss.evaluate(logits: Tensor([3, 3, 3], shape: [1, 3]), labels: [2]).value, log(3))
    let far = try loss.evaluate(logits: Tensor([1000, 0, 0, 1000], shape: [2, 2]), labels: [0, 0])
    #expect(far.value == 500 && far.gradients[0].values == [0, 0, -0.5, 0.5])
  }

  /// A text of an anchor's class is no negative of the anchor or its positive, as if it were in another batch.
  @Test func textsOfTheAnchorsClassAreNoNegatives() throws {
    let x = Tensor([3, 1, 1, 2, -1, 1, 0, 5], shape: [4, 2]), y = Tensor([1, 1, 0, 2, -3, 1, 4, 5], shape: [4, 2])
    let z = Tensor([2, 1, 1, -2, 3, 1, 1, 0], shape: [4, 2])
    // Anchors 0 and 1 are of one class, 2 and 3 of two others; the negative of 2 is of the class of 0.
    let classes = [7, 7, 8, 9, 5, 5, 7, 5]
    for loss in LossPairTests.rankings {
      let evaluation = try loss.evaluate(anchors: x, positives: y, negatives: z, classes: classes)
      let same = try loss.evaluate(anchors: x, positives: y, negatives: z, classes: Array(0..<8))
      let plain = try loss.evaluate(anchors: x, positives: y, negatives: z)
      #expect(same.value == plain.value && evaluation.value < plain.value)
      #expect(evaluation.gradients.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    }
    // An anchor whose negatives are all of its class has nothing to learn.
    let alone = try MultipleNegativesRankingLoss().evaluate(anchors: x, positives: y, classes: [1, 1, 1, 1])
    #expect(alone.value == 0 && alone.gradients.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    #expect(alone.statistics.hardestNegative == nil && alone.statistics.activeFraction == 0)
    // By hand, row by row: -log(e^(s c_ii) / Σ e^(s c_ij)) over the documents that are left.
    let left = [[0, 2, 3, 4, 5, 7], [1, 2, 3, 4, 5, 7], [0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7]]
    let documents = (0..<8).map { $0 < 4 ? [y[$0, 0], y[$0, 1]] : [z[$0 - 4, 0], z[$0 - 4, 1]] }
    func cosine(_ a: [Float], _ b: [Float]) -> Double {
      let dot = Double(a[0] * b[0] + a[1] * b[1])
      return dot / (Double(a[0] * a[0] + a[1] * a[1]) * Double(b[0] * b[0] + b[1] * b[1])).squareRoot()
    }
    let expected = (0..<4).map { row -> Double in
      let anchor = [x[row, 0], x[row, 1]]
      let sum = left[row].reduce(0) { $0 + exp(2 * cosine(anchor, documents[$1])) }
      return log(sum) - 2 * cosine(anchor, documents[row])
    }
    let masked = try MultipleNegativesRankingLoss(scale: 2).evaluate(
      anchors: x, positives: y, negatives: z, classes: classes)
    #expect(abs(Double(masked.value) - expected.reduce(0, +) / 4) < 1e-6)
  }

  // MARK: Edges

  @Test func vectorsOfZeros() throws {
    let zeros = Tensor(zeros: [4, 6]), targets: [Float] = [1, 0, 0, 1]
    let other = Tensor((0..<24).map { Float($0 % 7) - 2 }, shape: [4, 6])
    for (first, second) in [(zeros, zeros), (zeros, other), (other, zeros)] {
      let evaluations =
        try LossPairTests.pairs.map { try $0.evaluate(first: first, second: second, targets: targets) }
        + LossPairTests.rankings.map { try $0.evaluate(anchors: first, positives: second, negatives: zeros) }
      for evaluation in evaluations {
        #expect(evaluation.value.isFinite)
        #expect(evaluation.gradients.allSatisfy { $0.values.allSatisfy(\.isFinite) })
      }
    }
  }

  @Test func collapse() throws {
    let x = Tensor([Float](repeating: 0.3, count: 4 * 5), shape: [4, 5])
    for loss in LossPairTests.pairs {
      guard let value = loss.valueOfCollapse else { continue }
      let evaluation = try loss.evaluate(first: x, second: x, targets: [1, 0, 0, 1])
      #expect(evaluation.value == value && evaluation.gradients.allSatisfy(isZero), "\(loss)")
    }
  }

  /// NaN shows in the loss or its gradient, wherever it is.
  @Test(arguments: 0..<4) func notANumber(row: Int) throws {
    var values: [Float] = [1, 2, 0, 3, 4, -1, 2, 2]
    values[2 * row] = .nan
    let x = Tensor([3, 1, 1, 2, -1, 1, 0, 5], shape: [4, 2]), y = Tensor(values, shape: [4, 2])
    // For a loss that uses positives alone, all pairs are positive.
    let evaluations =
      try LossPairTests.pairs.map {
        try $0.evaluate(first: x, second: y, targets: $0 is MeanSquaredErrorLoss ? [1, 1, 1, 1] : [1, 0, 0, 1])
      } + LossPairTests.rankings.map { try $0.evaluate(anchors: x, positives: y) }
    for evaluation in evaluations {
      #expect(evaluation.value.isNaN || evaluation.gradients.contains { $0.values.contains(where: \.isNaN) })
    }
  }

  @Test func misuseStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor([1, 2], shape: [2, 1])
      _ = try CoSENTLoss().evaluate(first: x, second: x, targets: [1])
    }
    await #expect(processExitsWith: .failure) {
      let two = Tensor([1, 2], shape: [2, 1]), three = Tensor([1, 2, 3], shape: [3, 1])
      _ = try MultipleNegativesRankingLoss().evaluate(anchors: two, positives: three)
    }
    await #expect(processExitsWith: .failure) {
      _ = try SoftmaxCrossEntropyLoss().evaluate(logits: Tensor([1, 2], shape: [1, 2]), labels: [2])
    }
  }
}
