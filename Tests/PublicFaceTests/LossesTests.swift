// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

/// The package's losses on vectors that a user provides.
struct LossesTests {
  private static let vectors = Tensor([3, 4, 4, 3, 0, 5, 5, 0], shape: [4, 2])
  private static let equalVectors = Tensor([Float](repeating: 1, count: 8), shape: [4, 2])

  @Test(
    arguments: [
      BatchAllTripletLoss(margin: 1), BatchHardTripletLoss(margin: 1),
      BatchHardSoftMarginTripletLoss(distance: .cosine),
      BatchSemiHardTripletLoss(margin: 1), FaceNetSemiHardTripletLoss(margin: 1),
    ] as [any Loss<LabeledBatch>])
  func labeled(loss: any Loss<LabeledBatch>) throws {
    func evaluate(_ loss: some Loss<LabeledBatch>, _ vectors: Tensor) throws -> LossEvaluation {
      try loss.evaluate(vectors, labels: [0, 0, 1, 1])
    }
    #expect(try evaluate(loss, Self.vectors).gradients[0].shape == [4, 2])
    // If all vectors are equal, the loss has the value by which the trainer detects a collapse.
    if !(loss is FaceNetSemiHardTripletLoss) {
      let value = try evaluate(loss, Self.equalVectors).value
      #expect(abs(value - (loss.valueOfCollapse ?? .nan)) < 1e-6)
    }
  }

  @Test(
    arguments: [
      AnglELoss(scale: 20), CoSENTLoss(scale: 20), ContrastiveLoss(margin: 0.5), CosineHingeLoss(margin: 1),
      CosineSimilarityLoss(), MeanSquaredErrorLoss(), OnlineContrastiveLoss(margin: 0.5),
    ] as [any Loss<PairBatch>])
  func pairs(loss: any Loss<PairBatch>) throws {
    func evaluate(_ loss: some Loss<PairBatch>) throws -> LossEvaluation {
      try loss.evaluate(first: Self.vectors, second: Self.equalVectors, targets: [1, 0, 1, 0])
    }
    #expect(try evaluate(loss).value.isFinite)
  }

  @Test(
    arguments: [MultipleNegativesRankingLoss(scale: 20), MultipleNegativesSymmetricRankingLoss(scale: 20)]
      as [any Loss<RankingBatch>])
  func rankings(loss: any Loss<RankingBatch>) throws {
    func evaluate(_ loss: some Loss<RankingBatch>) throws -> LossEvaluation {
      try loss.evaluate(anchors: Self.vectors, positives: Self.vectors)
    }
    #expect(try evaluate(loss).gradients.count == 2)
  }

  @Test(arguments: [TripletLoss(margin: 1), HardestOfKTripletLoss(margin: 1)] as [any Loss<TripletBatch>])
  func triplets(loss: any Loss<TripletBatch>) throws {
    func evaluate(_ loss: some Loss<TripletBatch>) throws -> LossEvaluation {
      try loss.evaluate(anchors: Self.vectors, positives: Self.vectors, negatives: Self.equalVectors)
    }
    // Negatives are farther than the margin.
    #expect(try evaluate(loss).value == 0 && loss.valueOfCollapse == 1)
  }

  @Test func classes() throws {
    let evaluation = try SoftmaxCrossEntropyLoss().evaluate(logits: Tensor(zeros: [2, 2]), labels: [0, 1])
    #expect(abs(evaluation.value - 0.6931472) < 1e-6)
  }

  /// Batches of constants, as a user's test makes them.
  @Test func batches() {
    let x = Variable(Self.vectors), y = Variable(Self.equalVectors)
    #expect(LabeledBatch(vectors: x, labels: [0, 0, 1, 1]).labels.count == 4)
    #expect(PairBatch(first: x, second: y, targets: [1, 0, 1, 0]).targets == [1, 0, 1, 0])
    #expect(TripletBatch(anchors: x, positives: x, negatives: y).negatives.shape == [4, 2])
    #expect(RankingBatch(anchors: x, positives: y).anchors.shape == [4, 2])
    #expect(ClassBatch(logits: x, labels: [0, 1, 1, 0]).logits.shape == [4, 2])
    let statistics = BatchStatistics(activeFraction: 0.5)
    #expect(LossValue(x.mean(), statistics: statistics).statistics == statistics)
  }
}
