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
      [LossCase(.contrastive, $0), LossCase(.onlineContrastive, $0)]
    } + [
      LossCase(.cosineHinge), LossCase(.cosineSimilarity), LossCase(.coSENT), LossCase(.anglE),
      LossCase(.meanSquaredError), LossCase(.softmaxCrossEntropy),
      LossCase(.multipleNegativesRanking), LossCase(.multipleNegativesRanking, hasNegatives: true),
      LossCase(.multipleNegativesSymmetricRanking), LossCase(.multipleNegativesSymmetricRanking, hasNegatives: true),
      LossCase(.cosineSimilarity, isMatryoshka: true), LossCase(.coSENT, isMatryoshka: true),
      LossCase(.batchHardTriplet, .euclidean, isMatryoshka: true), LossCase(.triplet, .euclidean, isMatryoshka: true),
      LossCase(.multipleNegativesRanking, hasNegatives: true, isMatryoshka: true),
    ]

  /// Each loss that can be named is here or in ``LossGoldenTests``.
  @Test func allNames() {
    #expect(Set(LossPairGoldenTests.cases.map(\.name) + LossGoldenTests.names) == Set(LossName.allCases))
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

/// A loss, and whether it has negatives if that is a choice.
struct LossCase: Sendable, CustomTestStringConvertible {
  let name: LossName
  let distance: Distance?
  let hasNegatives: Bool
  let isMatryoshka: Bool

  init(_ name: LossName, _ distance: Distance? = nil, hasNegatives: Bool = false, isMatryoshka: Bool = false) {
    self.name = name
    self.distance = distance
    self.hasNegatives = hasNegatives
    self.isMatryoshka = isMatryoshka
  }

  /// As in the files.
  var testDescription: String {
    (isMatryoshka ? "matryoshka-" : "") + name.rawValue + (distance.map { ".\($0.rawValue)" } ?? "")
      + (hasNegatives ? "+negatives" : "")
  }
}

extension LossFixture {
  fileprivate func evaluate(_ choice: LossCase, _ kernels: Kernels, threads: Int) throws -> LossEvaluation {
    func evaluate(
      _ names: String..., loss: @escaping (Context, [Variable]) -> LossValue
    ) throws -> LossEvaluation {
      try LossFixture.evaluate(at: names.map(tensor), kernels, threads: threads, loss)
    }
    let labels = try read("labels", as: Int64.self).map { Int($0) }
    switch try loss(choice) {
    case .labeled(let loss): return try evaluate("first") { loss($1[0], labels: labels, in: $0) }
    case .classification(let loss): return try evaluate("first") { loss(logits: $1[0], labels: labels, in: $0) }
    case .pairs(let loss):
      let areScored = [.cosineSimilarity, .coSENT, .anglE].contains(choice.name)
      let targets = try read(areScored ? "scores" : "targets", as: Float.self)
      return try evaluate("first", "second") { loss(first: $1[0], second: $1[1], targets: targets, in: $0) }
    case .triplets(let loss):
      return try evaluate("first", "second", "negatives") {
        loss(anchors: $1[0], positives: $1[1], negatives: $1[2], in: $0)
      }
    case .ranking(let loss) where choice.hasNegatives:
      return try evaluate("first", "second", "negatives") {
        loss(anchors: $1[0], positives: $1[1], negatives: $1[2], in: $0)
      }
    case .ranking(let loss):
      return try evaluate("first", "second") { loss(anchors: $1[0], positives: $1[1], negatives: nil, in: $0) }
    }
  }

  private func loss(_ choice: LossCase) throws -> TrainingLoss {
    let isContrastive = [.contrastive, .onlineContrastive].contains(choice.name)
    let margin = try isContrastive ? choice.distance.map { try read("margin.\($0.rawValue)", as: Float.self)[0] } : nil
    let loss = try choice.name.loss(
      distance: choice.distance, margin: margin, unitVectors: isNormalized || choice.isMatryoshka)
    guard choice.isMatryoshka else { return loss }
    let dimension = try tensor("first").shape[1]
    return try loss.matryoshka(MatryoshkaDimensions([(dimension + 1) / 2, dimension], of: dimension))
  }
}
