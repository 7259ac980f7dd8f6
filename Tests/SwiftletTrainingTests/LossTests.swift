// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletFiles
import SwiftletTensors
import SwiftletTraining
import TestSupport
import Testing

/// The losses on a few vectors, by hand, and edge cases.
@Suite struct LossTests {
  private static let labeled: [any Loss<LabeledBatch>] = [
    BatchHardTripletLoss(), BatchHardSoftMarginTripletLoss(), BatchSemiHardTripletLoss(),
    FaceNetSemiHardTripletLoss(), BatchAllTripletLoss(),
  ]

  /// Vectors of one number each.
  private func line(_ values: Float...) -> Tensor { Tensor(values, shape: [values.count, 1]) }

  private func isZero(_ gradient: Tensor) -> Bool { gradient.values.allSatisfy { $0 == 0 } }

  // MARK: Triplets

  @Test func tripletsByHand() throws {
    let a = Tensor([0, 0], shape: [1, 2]), p = Tensor([6, 8], shape: [1, 2]), n = Tensor([3, 4], shape: [1, 2])
    let far = try TripletLoss(margin: 1).evaluate(anchors: a, positives: p, negatives: n)
    #expect(far.value == 6)
    #expect(far.gradients.map(\.values) == [[0, 0], [0.6, 0.8], [-0.6, -0.8]])
    #expect(far.statistics == BatchStatistics(activeFraction: 1, hardestPositive: 10, hardestNegative: 5))
    let near = try TripletLoss(margin: 1).evaluate(anchors: a, positives: n, negatives: p)
    #expect(near.value == 0 && near.gradients.allSatisfy(isZero))
    #expect(near.statistics.activeFraction == 0)
  }

  @Test func hardestOfTwo() throws {
    let a = line(0, 10), p = line(2, 11), n = line(3, -1.8, 20, 30)
    let hardest = try HardestOfKTripletLoss(margin: 0.5).evaluate(anchors: a, positives: p, negatives: n)
    #expect(abs(hardest.value - (0.7 + 0) / 2) <= 1e-6)
    #expect(hardest.gradients[2].values == [0, 0.5, 0, 0])
    #expect(hardest.statistics.activeFraction == 0.5)
    #expect(hardest.statistics.hardestPositive == 1.5 && hardest.statistics.hardestNegative == 5.9)
    // Each negative makes a triplet of its own.
    let each = try TripletLoss(margin: 1.5).evaluate(anchors: a, positives: p, negatives: n)
    #expect(abs(each.value - (0.5 + 1.7 + 0 + 0) / 4) <= 1e-6)
    #expect(each.statistics.activeFraction == 0.5)
  }

  /// Equal vectors have the distance 0 and the gradient 0, not NaN.
  @Test func tripletsOfEqualVectors() throws {
    let x = Tensor([Float](repeating: 0.1, count: 128), shape: [1, 128])
    for loss: any Loss<TripletBatch> in [TripletLoss(margin: 0.5), HardestOfKTripletLoss(margin: 0.5)] {
      let evaluation = try loss.evaluate(anchors: x, positives: x, negatives: x)
      #expect(evaluation.value == 0.5 && loss.valueOfCollapse == 0.5)
      #expect(evaluation.gradients.allSatisfy(isZero))
    }
  }

  // MARK: Batches

  /// The row without a positive counts with d_ap = 0 and pushes its negative away.
  @Test func batchHardWithALonelyLabel() throws {
    let evaluation = try BatchHardTripletLoss(margin: 5).evaluate(line(0, 1, 3), labels: [0, 0, 1])
    #expect(abs(evaluation.value - Float(3 + 4 + 3) / 3) <= 1e-6)
    // By value: 0 and 1 are each other's hardest positive. 3 is the negative of both, and 1 that of 3.
    let expected: [Float] = [-2 + 1, 2 + 1 + 1, -1 - 1 - 1].map { $0 / 3 }
    for (value, expected) in zip(evaluation.gradients[0].values, expected) { #expect(abs(value - expected) <= 1e-6) }
    #expect(
      evaluation.statistics
        == BatchStatistics(activeFraction: 1, hardestPositive: 1, hardestNegative: Float(7.0 / 3)))
  }

  @Test func semiHardByBothRules() throws {
    let labels = [0, 0, 1]
    func losses(_ negative: Float) throws -> [Float?] {
      let reference = try BatchSemiHardTripletLoss(margin: 1).evaluate(line(0, 2, negative), labels: labels)
      let faceNet = try FaceNetSemiHardTripletLoss(margin: 1).evaluate(line(0, 2, negative), labels: labels)
      return [
        reference.value, reference.statistics.activeFraction, faceNet.value, faceNet.statistics.activeFraction,
      ]
    }
    // The anchor at 0: the negative is nearer than the positive, so the first rule takes the farthest negative, the
    // same one. The anchor at 2: the negative is in the band, then on its edge, then beyond.
    #expect(try losses(-0.5) == [(2.5 + 0.5) / 2, 1, 0.5, 0.5])
    #expect(try losses(-1) == [(2 + 0) / 2, 0.5, 0, 0])
    #expect(try losses(-1.5) == [(1.5 + 0) / 2, 0.5, 0, 0])
  }

  @Test func batchAllCountsActiveTripletsAlone() throws {
    func evaluate(_ negative: Float) throws -> LossEvaluation {
      try BatchAllTripletLoss(margin: 1).evaluate(line(0, 2, negative), labels: [0, 0, 1])
    }
    let both = try evaluate(-0.5), one = try evaluate(-2.5), none = try evaluate(-3)
    #expect(both.value == (2.5 + 0.5) / 2 && both.statistics.activeFraction == 1)
    #expect(one.value == 0.5 && one.statistics.activeFraction == 0.5)
    #expect(one.gradients[0].values == [-2, 1, 1])
    #expect(none.value == 0 && none.statistics.activeFraction == 0 && isZero(none.gradients[0]))
  }

  /// From one label for all rows to one for each row, with some equal distances.
  @Test(arguments: [1, 2, 3, 20]) func batchAllIsTheMeanOverTriplets(labelCount: Int) throws {
    let values = (0..<20).map { Float($0 * 7 % 20) / 2 }, labels = (0..<20).map { $0 % labelCount }
    var terms: [Float] = [], count = 0
    for a in 0..<20 {
      for p in 0..<20 where p != a && labels[p] == labels[a] {
        for n in 0..<20 where labels[n] != labels[a] {
          terms.append(max(0, abs(values[a] - values[p]) - abs(values[a] - values[n]) + 1.25))
          count += 1
        }
      }
    }
    let active = terms.filter { $0 > 0 }
    let evaluation = try BatchAllTripletLoss(margin: 1.25).evaluate(Tensor(values, shape: [20, 1]), labels: labels)
    #expect(abs(evaluation.value - active.reduce(0, +) / Float(max(active.count, 1))) <= 1e-4)
    #expect(evaluation.statistics.activeFraction == (count == 0 ? nil : Float(active.count) / Float(count)))
  }

  // MARK: Edges

  @Test func collapse() throws {
    let x = Tensor([Float](repeating: 0.3, count: 6 * 5), shape: [6, 5])
    for loss in LossTests.labeled {
      let evaluation = try loss.evaluate(x, labels: [0, 0, 1, 1, 1, 2])
      #expect(evaluation.value == loss.valueOfCollapse && isZero(evaluation.gradients[0]), "\(loss)")
      #expect(evaluation.statistics.hardestPositive == 0 && evaluation.statistics.hardestNegative == 0)
    }
  }

  @Test func oneLabel() throws {
    let x = line(0, 1, 3), labels = [4, 4, 4], mean: Float = (1 + 3 + 2) / 3
    for (loss, value) in zip(LossTests.labeled, [5, 0.693_147_2, mean + 5, 0, 0]) {
      let evaluation = try loss.evaluate(x, labels: labels)
      #expect(abs(evaluation.value - value) <= 1e-6, "\(loss)")
      #expect(isZero(evaluation.gradients[0]) != (loss is BatchSemiHardTripletLoss), "\(loss)")
      #expect(evaluation.statistics.hardestNegative == nil)
    }
  }

  @Test func noPositives() throws {
    let x = line(0, 1, 3), labels = [4, 5, 6]
    for (loss, value) in zip(LossTests.labeled.dropFirst(2), [0, 0, 0] as [Float]) {
      let evaluation = try loss.evaluate(x, labels: labels)
      #expect(evaluation.value == value && isZero(evaluation.gradients[0]), "\(loss)")
      #expect(evaluation.statistics.activeFraction == nil && evaluation.statistics.hardestPositive == nil)
    }
    let batchHard = try BatchHardTripletLoss(margin: 2).evaluate(x, labels: labels)
    #expect(abs(batchHard.value - (1 + 1 + 0) / 3) <= 1e-6)
  }

  @Test func oneRow() throws {
    for (loss, value) in zip(LossTests.labeled, [5, 0.693_147_2, 0, 0, 0] as [Float]) {
      let evaluation = try loss.evaluate(Tensor([1, 2], shape: [1, 2]), labels: [0])
      #expect(abs(evaluation.value - value) <= 1e-6 && isZero(evaluation.gradients[0]), "\(loss)")
    }
  }

  /// exp(1000) is infinite; log(1 + exp(1000)) is not.
  @Test func softMarginOfFarVectors() throws {
    let evaluation = try BatchHardSoftMarginTripletLoss().evaluate(line(0, 1000, 0, 1000), labels: [0, 0, 1, 1])
    #expect(evaluation.value == 1000)
    #expect(evaluation.gradients[0].values.allSatisfy { $0.isFinite })
  }

  /// NaN shows in the loss or its gradient, wherever it is.
  @Test(arguments: 0..<5) func notANumber(row: Int) throws {
    for loss in LossTests.labeled {
      var values: [Float] = [0, 1, 3, 4, 9]
      values[row] = .nan
      let evaluation = try loss.evaluate(Tensor(values, shape: [5, 1]), labels: [0, 0, 1, 1, 2])
      #expect(evaluation.value.isNaN || evaluation.gradients[0].values.contains { $0.isNaN }, "\(loss)")
    }
  }

  @Test func misuseStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = try BatchHardTripletLoss().evaluate(Tensor([1, 2], shape: [2, 1]), labels: [0])
    }
    await #expect(processExitsWith: .failure) {
      let two = Tensor([1, 2], shape: [2, 1]), three = Tensor([1, 2, 3], shape: [3, 1])
      _ = try TripletLoss().evaluate(anchors: two, positives: two, negatives: three)
    }
    await #expect(processExitsWith: .failure) { _ = LossValue(Variable(Tensor([1, 2], shape: [2]))) }
  }

  // MARK: Names

  @Test func names() throws {
    #expect(try LossChoice.loss(named: "facenet-semi-hard-triplet").name == FaceNetSemiHardTripletLoss.name)
    #expect(LossChoice.all[0].name == BatchHardTripletLoss.name)
    for loss in LossChoice.all where loss.name.hasSuffix("triplet") && !loss.name.contains("soft") {
      func margin(_ parameters: LossChoice.Parameters) throws -> String? {
        try loss.init(parameters).parameters.first { $0.name == "margin" }?.value
      }
      #expect(try margin(LossChoice.Parameters(hasUnitVectors: true)) == "0.3")
      #expect(try margin(LossChoice.Parameters()) == "5.0")
      #expect(try margin(LossChoice.Parameters(distance: .cosine)) == "0.3")
      #expect(try margin(LossChoice.Parameters(margin: 0.5, hasUnitVectors: true)) == "0.5")
    }
    let unknown = #expect(throws: LossError.self) { try LossChoice.loss(named: "batch-hard\n") }
    #expect(
      unknown?.description == #"no loss is called "batch-hard\u{A}"; give one of batch-hard-triplet, "#
        + "batch-hard-soft-margin-triplet, batch-semi-hard-triplet, facenet-semi-hard-triplet, batch-all-triplet, "
        + "triplet, hardest-of-k-triplet, contrastive, online-contrastive, cosine-hinge, cosine-similarity, cosent, "
        + "angle, multiple-negatives-ranking, multiple-negatives-ranking-symmetric, mse, softmax-cross-entropy")
    #expect(throws: LossError.badMargin(-1)) { try TripletLoss(LossChoice.Parameters(margin: -1)) }
    #expect(throws: LossError.badMargin(.infinity)) { try TripletLoss(LossChoice.Parameters(margin: .infinity)) }
    #expect(throws: LossError.noMargin(loss: "batch-hard-soft-margin-triplet")) {
      try BatchHardSoftMarginTripletLoss(LossChoice.Parameters(margin: 1))
    }
    #expect(throws: LossError.noDistance(loss: "cosent")) { try CoSENTLoss(LossChoice.Parameters(distance: .cosine)) }
    #expect(throws: LossError.noScale(loss: "triplet")) { try TripletLoss(LossChoice.Parameters(scale: 20)) }
    #expect(throws: LossError.badScale(0)) { try CoSENTLoss(LossChoice.Parameters(scale: 0)) }
  }

  /// A run resumes only with a loss of the same identity, so every stored property is in it.
  @Test func identities() throws {
    #expect(TripletLoss(margin: 0.3).identity == "TripletLoss(distance: euclidean, margin: 0.3)")
    let loss = MatryoshkaLoss(CoSENTLoss(scale: 10), dimensions: try MatryoshkaDimensions([64, 128], of: 128))
    #expect(
      loss.identity == "MatryoshkaLoss<CoSENTLoss>(base: CoSENTLoss(scale: 10.0), "
        + "dimensions: MatryoshkaDimensions(dimensions: [128, 64], weights: [1.0, 1.0]))")
    #expect(loss.parameters.map(\.name) == ["scale", "dimensions"])
    #expect(loss.parameters.map(\.value) == ["10.0", "128 64"])
    #expect(try MatryoshkaDimensions([64, 128], of: 128, weights: [0.5, 1]).description == "128 64 x 0.5")
  }

  // MARK: Ranges of anchors

  /// The terms of ranges of anchors, joined, have the bits of the terms of all; their mean is the loss.
  @Test func termsOfRangesAreThoseOfTheWhole() throws {
    let x = randomVectors(13, seed: 1), y = randomVectors(13, seed: 2), z = randomVectors(26, seed: 3)
    let labels = (0..<13).map { $0 * 5 % 4 }, documents = (0..<39).map { $0 * 7 % 11 }
    let targets = (0..<13).map { Float($0 % 2) }
    for distance in Distance.allCases {
      let batch = LabeledBatch(vectors: Variable(x), labels: labels)
      expectSameTerms(BatchHardTripletLoss(distance: distance, margin: 0.5), batch)
      expectSameTerms(BatchHardSoftMarginTripletLoss(distance: distance), batch)
      expectSameTerms(BatchSemiHardTripletLoss(distance: distance, margin: 0.5), batch)
      expectSameTerms(FaceNetSemiHardTripletLoss(distance: distance, margin: 0.5), batch)
      let triplets = TripletBatch(anchors: Variable(x), positives: Variable(y), negatives: Variable(z))
      expectSameTerms(TripletLoss(distance: distance, margin: 0.5), triplets)
      expectSameTerms(HardestOfKTripletLoss(distance: distance, margin: 0.5), triplets)
      let pairs = PairBatch(first: Variable(x), second: Variable(y), targets: targets)
      expectSameTerms(ContrastiveLoss(distance: distance), pairs)
      expectSameTerms(CosineHingeLoss(), pairs)
      expectSameTerms(CosineSimilarityLoss(), pairs)
    }
    // One label alone has a rule of its own.
    expectSameTerms(BatchHardTripletLoss(), LabeledBatch(vectors: Variable(x), labels: labels.map { _ in 3 }))
    for classes in [nil, documents] {
      let ranking = RankingBatch(
        anchors: Variable(x), positives: Variable(y), negatives: Variable(z), classes: classes)
      expectSameTerms(MultipleNegativesRankingLoss(), ranking)
      expectSameTerms(MultipleNegativesSymmetricRankingLoss(), ranking)
    }
    expectSameTerms(SoftmaxCrossEntropyLoss(), ClassBatch(logits: Variable(x), labels: labels))
  }

  private func expectSameTerms<L: AnchorwiseLoss>(_ loss: L, _ batch: L.Batch) {
    let count = batch.anchorCount, whole = loss.terms(batch, anchors: 0..<count).values
    for ranges in [[0..<5, 5..<6, 6..<count], [0..<0, 0..<count - 1, count - 1..<count]] {
      let parts = ranges.flatMap { loss.terms(batch, anchors: $0).values.values }
      #expect(parts.map(\.bitPattern) == whole.values.map(\.bitPattern), "\(loss)")
    }
    #expect(loss(batch).value.values == whole.mean().values, "\(loss)")
  }

  private func randomVectors(_ count: Int, seed: UInt64) -> Tensor {
    var generator = SplitMix64(seed: seed)
    return Tensor((0..<count * 19).map { _ in Float.random(in: -1...1, using: &generator) }, shape: [count, 19])
  }

  // MARK: A user's own

  /// The mean of log(1 + exp(d_p - d_n)) with the nearest positive and the nearest negative.
  private struct NearestPositiveLoss: Loss {
    func callAsFunction(_ batch: LabeledBatch) -> LossValue {
      let distances = batch.vectors.distancesAmongRows()
      let positives = distances.rowMinima { $0 != $1 && batch.labels[$0] == batch.labels[$1] }
      let negatives = distances.rowMinima { batch.labels[$0] != batch.labels[$1] }
      return LossValue((positives - negatives).softplus().mean())
    }
  }

  @Test func aLossOfOnesOwn() throws {
    let evaluation = try NearestPositiveLoss().evaluate(line(0, 1, 3, 7), labels: [0, 0, 1, 1])
    let terms: [Double] = [1 - 3, 1 - 2, 4 - 2, 4 - 6]
    let expected = terms.reduce(0) { $0 + log(1 + exp($1)) } / 4
    #expect(abs(Double(evaluation.value) - expected) <= 1e-6)
    #expect(evaluation.statistics == BatchStatistics() && NearestPositiveLoss().valueOfCollapse == nil)
  }
}
