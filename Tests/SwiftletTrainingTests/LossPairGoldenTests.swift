// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletTraining
import Testing

/// Values and gradients of the losses of pairs, rankings and classes, and of Matryoshka losses, against PyTorch's in
/// float64, and their bits.
@Suite struct LossPairGoldenTests {
  static let batches = ["pairs-2x3", "pairs-7x128", "pairs-64x19"].flatMap { [$0, $0 + "-normalized"] }

  static let cases: [LossCase] =
    Distance.allCases.flatMap {
      [LossCase(ContrastiveLoss.self, $0), LossCase(OnlineContrastiveLoss.self, $0)]
    } + [
      LossCase(CosineHingeLoss.self), LossCase(CosineSimilarityLoss.self), LossCase(CoSENTLoss.self),
      LossCase(AnglELoss.self), LossCase(MeanSquaredErrorLoss.self), LossCase(SoftmaxCrossEntropyLoss.self),
      LossCase(MultipleNegativesRankingLoss.self), LossCase(MultipleNegativesRankingLoss.self, hasNegatives: true),
      LossCase(MultipleNegativesSymmetricRankingLoss.self),
      LossCase(MultipleNegativesSymmetricRankingLoss.self, hasNegatives: true),
      LossCase(CosineSimilarityLoss.self, isMatryoshka: true), LossCase(CoSENTLoss.self, isMatryoshka: true),
      LossCase(BatchHardTripletLoss.self, .euclidean, isMatryoshka: true),
      LossCase(TripletLoss.self, .euclidean, isMatryoshka: true),
      LossCase(MultipleNegativesRankingLoss.self, hasNegatives: true, isMatryoshka: true),
    ]

  /// Each loss that can be named is here or in ``LossGoldenTests``.
  @Test func allNames() {
    #expect(
      Set(LossPairGoldenTests.cases.map { $0.loss.name } + LossGoldenTests.names)
        == Set(LossChoice.all.map { $0.name }))
  }

  @Test(arguments: batches, cases) func valuesAndGradients(batch: String, loss: LossCase) throws {
    let fixture = try LossFixture(batch)
    try fixture.expect(
      fixture.evaluate(loss, .best, threads: 2), of: loss.testDescription, columns: ["0", "1", "2"])
  }

  @Test(arguments: cases) func threadsAndPathsChangeNoBit(loss: LossCase) throws {
    let fixture = try LossFixture("pairs-64x19")
    try LossFixture.expectSameBits { try fixture.evaluate(loss, $0, threads: $1) }
  }
}

/// A loss, and whether it is given negatives if they are optional.
struct LossCase: Sendable, CustomTestStringConvertible {
  let loss: any NamedLoss.Type
  let distance: Distance?
  let hasNegatives: Bool
  let isMatryoshka: Bool

  init(
    _ loss: any NamedLoss.Type, _ distance: Distance? = nil, hasNegatives: Bool = false, isMatryoshka: Bool = false
  ) {
    self.loss = loss
    self.distance = distance
    self.hasNegatives = hasNegatives
    self.isMatryoshka = isMatryoshka
  }

  /// The name in the golden files.
  var testDescription: String {
    (isMatryoshka ? "matryoshka-" : "") + loss.name + (distance.map { ".\($0.rawValue)" } ?? "")
      + (hasNegatives ? "+negatives" : "")
  }
}

extension LossFixture {
  fileprivate func evaluate(_ choice: LossCase, _ kernels: Kernels, threads: Int) throws -> LossEvaluation {
    func evaluate(_ names: String..., loss: @escaping ([Variable]) -> LossValue) throws -> LossEvaluation {
      try LossFixture.evaluate(at: names.map(tensor), kernels, threads: threads, loss)
    }
    let labels = try read("labels", as: Int64.self).map { Int($0) }
    switch try loss(choice) {
    case let loss as any Loss<LabeledBatch>:
      return try evaluate("first") { loss(LabeledBatch(vectors: $0[0], labels: labels)) }
    case let loss as any Loss<ClassBatch>:
      return try evaluate("first") { loss(ClassBatch(logits: $0[0], labels: labels)) }
    case let loss as any Loss<PairBatch>:
      let areScored = ["cosine-similarity", "cosent", "angle"].contains(choice.loss.name)
      let targets = try read(areScored ? "scores" : "targets", as: Float.self)
      return try evaluate("first", "second") { loss(PairBatch(first: $0[0], second: $0[1], targets: targets)) }
    case let loss as any Loss<TripletBatch>:
      return try evaluate("first", "second", "negatives") {
        loss(TripletBatch(anchors: $0[0], positives: $0[1], negatives: $0[2]))
      }
    case let loss as any Loss<RankingBatch> where choice.hasNegatives:
      return try evaluate("first", "second", "negatives") {
        loss(RankingBatch(anchors: $0[0], positives: $0[1], negatives: $0[2]))
      }
    case let loss as any Loss<RankingBatch>:
      return try evaluate("first", "second") { loss(RankingBatch(anchors: $0[0], positives: $0[1])) }
    default: preconditionFailure("a batch of another kind")
    }
  }

  private func loss(_ choice: LossCase) throws -> any Loss {
    let isContrastive = choice.loss == ContrastiveLoss.self || choice.loss == OnlineContrastiveLoss.self
    let margin = try isContrastive ? choice.distance.map { try read("margin.\($0.rawValue)", as: Float.self)[0] } : nil
    let dimension = try tensor("first").shape[1]
    return try LossChoice(
      choice.loss, LossChoice.Parameters(distance: choice.distance, margin: margin),
      matryoshkaDimensions: choice.isMatryoshka ? [(dimension + 1) / 2, dimension] : nil
    ).make(hasUnitVectors: isNormalized, dimension: dimension)
  }
}
