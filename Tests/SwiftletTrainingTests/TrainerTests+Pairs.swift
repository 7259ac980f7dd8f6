// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTokenizers
import SwiftletTraining
import TestSupport
import Testing

extension TrainerTests {
  // MARK: Pairs without negatives

  private static func pairs() throws -> PositivePairs {
    let texts = try TrainerTests.texts().texts
    return PositivePairs(anchors: Array(texts[0..<6]), positives: Array(texts[6..<12]))
  }

  private static var pairSettings: RunSettings {
    var settings = TrainerTests.settings
    settings.loss = MultipleNegativesRankingLoss.self
    settings.margin = nil
    settings.batchSize = 4
    return settings
  }

  private func reports(_ trainer: Trainer) async throws -> [TrainingEvent.StepReport] {
    var reports: [TrainingEvent.StepReport] = []
    try await trainer.run { if case .stepped(let report) = $0 { reports.append(report) } }
    return reports
  }

  private func vectors(_ texts: [String]) throws -> Tensor {
    try SentenceEncoder(folder: model).encode(texts).tensor
  }

  /// The loss of a batch is that of the vectors, which LossPairGoldenTests holds to sentence-transformers'.
  @Test(
    arguments: [MultipleNegativesRankingLoss.self, MultipleNegativesSymmetricRankingLoss.self] as [any NamedLoss.Type])
  func theOtherRowsAreTheNegatives(loss: any NamedLoss.Type) async throws {
    let pairs = try Self.pairs()
    var settings = Self.pairSettings
    settings.loss = loss
    settings.batchSize = 6
    settings.dropout = 0
    settings.length = .steps(20)
    let reports = try await reports(settings.trainer(model: model, data: .positivePairs(pairs)))
    func evaluate(_ loss: some Loss<RankingBatch>) throws -> Float {
      try loss.evaluate(anchors: vectors(pairs.anchors), positives: vectors(pairs.positives)).value
    }
    let made = try #require(loss.init(LossChoice.Parameters()) as? any Loss<RankingBatch>)
    let expected = try evaluate(made)
    #expect(abs(reports[0].loss - expected) < 1e-5 * expected)
    #expect(reports[19].loss < reports[0].loss)
  }

  /// Rows 0, 1 and 2 are a chain of shared texts, and so are rows 4 and 5.
  @Test func rowsThatShareATextAreNoNegatives() async throws {
    let texts = try TrainerTests.texts().texts
    let pairs = PositivePairs(
      anchors: [texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]],
      positives: [texts[6], texts[6], texts[1], texts[7], texts[8], texts[4]])
    #expect(pairs.classes(of: 0..<6) == [0, 0, 0, 3, 4, 4])
    #expect(pairs.classes(of: [5, 3, 0]) == nil && pairs.classes(of: [3, 1, 0]) == [0, 1, 1])
    var settings = Self.pairSettings
    settings.batchSize = 6
    settings.dropout = 0
    settings.length = .steps(1)
    let reports = try await reports(settings.trainer(model: model, data: .positivePairs(pairs)))
    let anchors = try vectors(pairs.anchors), positives = try vectors(pairs.positives)
    let loss = MultipleNegativesRankingLoss()
    let expected = try loss.evaluate(anchors: anchors, positives: positives, classes: [0, 0, 0, 3, 4, 4]).value
    #expect(abs(reports[0].loss - expected) < 1e-5 * expected)
    #expect(try expected < 0.99 * loss.evaluate(anchors: anchors, positives: positives).value)
  }

  @Test func pairsGiveTheSameBitsInPiecesAndOnThreads() async throws {
    let data = Dataset.positivePairs(try Self.pairs())
    var settings = Self.pairSettings
    settings.accumulation = 2
    let trainer = try settings.trainer(model: model, data: data)
    try await trainer.run()
    let expected = try bits(trainer)
    for (threads, pieceSize) in [(1, 64), (2, 3), (3, 1), (5, 5)] {
      for kernels in Kernels.available {
        settings.threadCount = threads
        settings.pieceSize = pieceSize
        let other = try settings.trainer(model: model, data: data, kernels: kernels)
        try await other.run()
        #expect(try bits(other) == expected, "\(threads) threads, pieces of \(pieceSize), \(kernels.path)")
      }
    }
    let typed = try Trainer(
      model: model, data: .pairs(Self.pairs(), batchSize: 4), loss: MultipleNegativesRankingLoss(),
      settings: settings.settings)
    try await typed.run()
    #expect(try bits(typed) == expected)
  }

  @Test func aRunOfPairsIsResumedWithTheSameBytes() async throws {
    let folder = try TemporaryFolder(), pairs = try Self.pairs(), data = Dataset.positivePairs(pairs)
    let settings = Self.pairSettings
    func trainer(_ data: Dataset) throws -> Trainer {
      try settings.trainer(model: model, data: data, evaluation: data)
    }
    try await trainer(data).run(output: folder.path("whole"))
    let path = folder.path("stopped")
    await runCancelled(try trainer(data), output: path, afterStep: 3)
    let swapped = PositivePairs(anchors: pairs.positives, positives: pairs.anchors)
    let error = await #expect(throws: FineTuningError.self) {
      try await trainer(.positivePairs(swapped)).run(output: path, resumes: true)
    }
    #expect(error?.description.contains("training data was") == true)
    let result = try await trainer(data).run(output: path, resumes: true)
    #expect(result.best?.evaluation.main.name == "mrr_at_10")
    #expect(try contents("\(path)/model.safetensors") == contents(folder.path("whole/model.safetensors")))
  }

  @Test func pairsWithoutNegativesAnywhereAreErrors() throws {
    let texts = try TrainerTests.texts().texts
    func trainer(_ pairs: PositivePairs, batchSize: Int = 4) throws -> Trainer {
      var settings = Self.pairSettings
      settings.batchSize = batchSize
      return try settings.trainer(model: model, data: .positivePairs(pairs))
    }
    #expect(throws: SamplerError.tooFewPairsPerBatch(1)) { try trainer(Self.pairs(), batchSize: 1) }
    #expect(throws: SamplerError.noNegatives(sharedText: "a")) {
      try trainer(PositivePairs(anchors: ["a"], positives: ["b"]))
    }
    let related = PositivePairs(anchors: [texts[1], texts[0], texts[0]], positives: [texts[0], texts[2], texts[3]])
    #expect(throws: SamplerError.noNegatives(sharedText: texts[0])) { try trainer(related) }
    let chain = PositivePairs(anchors: [texts[1], texts[0], texts[2]], positives: [texts[0], texts[2], texts[3]])
    _ = try trainer(chain)
  }

  // MARK: Different numbers of negatives

  @Test(
    arguments: [
      TripletLoss.self, HardestOfKTripletLoss.self, MultipleNegativesRankingLoss.self, CoSENTLoss.self,
    ] as [any NamedLoss.Type])
  func anchorsWithDifferentNumbersOfNegatives(loss: any NamedLoss.Type) async throws {
    let texts = try TrainerTests.texts().texts
    let negatives = [[8], [9, 10, 11], [8, 9], [10]].map { $0.map { texts[$0] } }
    let triplets = TextTriplets(anchors: Array(texts[0..<4]), positives: Array(texts[4..<8]), negatives: negatives)
    var settings = Self.pairSettings
    settings.loss = loss
    settings.dropout = 0
    settings.length = .steps(6)
    func run() async throws -> (losses: [Float], bits: [UInt32]) {
      let trainer = try settings.trainer(model: model, data: .triplets(triplets))
      return try await (reports(trainer).map(\.loss), bits(trainer))
    }
    let whole = try await run()
    let anchors = try vectors(triplets.anchors), positives = try vectors(triplets.positives)
    let chosen = try LossChoice(loss).make(hasUnitVectors: false, dimension: 32)
    // Those that the loss of triplets repeats.
    let even = negatives.map { row in (0..<3).map { row[$0 % row.count] } }
    let expected: Float
    switch chosen {
    case let loss as any Loss<TripletBatch>:
      expected = try evaluate(loss, anchors, positives, vectors(even.flatMap { $0 }))
    case let loss as any Loss<RankingBatch>:
      expected = try evaluate(loss, anchors, positives, vectors(negatives.flatMap { $0 }))
    default:
      let second = try vectors(triplets.positives + negatives.joined())
      let repeated = zip(triplets.anchors, negatives).flatMap { anchor, negatives in negatives.map { _ in anchor } }
      let targets: [Float] = triplets.anchors.map { _ in 1 } + repeated.map { _ in 0 }
      let loss = try #require(chosen as? any Loss<PairBatch>)
      expected = try evaluate(loss, vectors(triplets.anchors + repeated), second, targets)
    }
    #expect(abs(whole.losses[0] - expected) < 1e-4 * expected, "\(whole.losses[0]), \(expected)")
    settings.pieceSize = 3
    settings.threadCount = 3
    #expect(try await run().bits == whole.bits)
  }

  private func evaluate(
    _ loss: some Loss<TripletBatch>, _ anchors: Tensor, _ positives: Tensor, _ negatives: Tensor
  ) throws -> Float {
    try loss.evaluate(anchors: anchors, positives: positives, negatives: negatives).value
  }

  private func evaluate(
    _ loss: some Loss<RankingBatch>, _ anchors: Tensor, _ positives: Tensor, _ negatives: Tensor
  ) throws -> Float {
    try loss.evaluate(anchors: anchors, positives: positives, negatives: negatives).value
  }

  private func evaluate(
    _ loss: some Loss<PairBatch>, _ first: Tensor, _ second: Tensor, _ targets: [Float]
  ) throws -> Float {
    try loss.evaluate(first: first, second: second, targets: targets).value
  }

  // MARK: What is said

  @Test func anUnsuitableLossIsToldWhichOnesGo() throws {
    let texts = try TrainerTests.texts().texts, first = Array(texts[0..<4]), second = Array(texts[4..<8])
    func message(_ data: Dataset, _ loss: any NamedLoss.Type = BatchHardTripletLoss.self) -> String? {
      var settings = Self.pairSettings
      settings.loss = loss
      return (#expect(throws: FineTuningError.self) { try settings.trainer(model: model, data: data) })?.description
    }
    #expect(
      message(.positivePairs(try Self.pairs()))
        == "the loss batch-hard-triplet cannot train on positive pairs; choose one of multiple-negatives-ranking, "
        + "multiple-negatives-ranking-symmetric")
    #expect(
      message(.triplets(TextTriplets(anchors: first, positives: second, negatives: second.map { [$0] })))
        == "the loss batch-hard-triplet cannot train on triplets; choose one of multiple-negatives-ranking, triplet, "
        + "hardest-of-k-triplet, contrastive, online-contrastive, cosine-hinge, cosine-similarity, cosent, angle, "
        + "multiple-negatives-ranking-symmetric, mse")
    let scored = message(.scoredPairs(ScoredPairs(first: first, second: second, scores: [0, 1, 2, 3])))
    #expect(scored?.contains("choose one of cosent, contrastive") == true)
    let labeled = LabeledPairs(first: first, second: second, areAlike: [true, false, true, false])
    #expect(message(.labeledPairs(labeled), TripletLoss.self)?.contains("one of online-contrastive, ") == true)
    #expect(message(.positivePairs(try Self.pairs()), MeanSquaredErrorLoss.self) != nil)
  }

  @Test func textsThatAreCutAreCountedOnce() async throws {
    let data = Dataset.labeledTexts(try TrainerTests.texts())
    func warnings(maxLength: Int?) async throws -> [String] {
      var settings = TrainerTests.settings, warnings: [String] = []
      settings.maxLength = maxLength
      settings.length = .epochs(3)
      try await settings.trainer(model: model, data: data, evaluation: data).run { event in
        if case .warned(let warning) = event { warnings.append(warning) }
      }
      return warnings.filter { $0.contains("training texts") }
    }
    #expect(try await warnings(maxLength: nil).isEmpty)
    let tokens = try SentenceEncoder(folder: model).tokenizer
    let texts = try TrainerTests.texts().texts
    let longer = try texts.count { try tokens.encode($0).ids.count > 6 }
    #expect(longer > 1)
    #expect(
      try await warnings(maxLength: 6)
        == ["\(longer) of \(texts.count) training texts have more than 6 tokens; what is beyond them is cut"])
  }
}
