// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTraining
import SwiftletWeights
import TestSupport
import Testing

extension TrainerTests {
  // MARK: Explicit triplets

  @Test(arguments: [TripletLoss.self, HardestOfKTripletLoss.self] as [any NamedLoss.Type])
  func tripletsOfATable(loss: any NamedLoss.Type) async throws {
    let texts = try TrainerTests.texts().texts
    let triplets = TextTriplets(
      anchors: Array(texts[0..<6]), positives: Array(texts[1..<7]),
      negatives: (0..<6).map { [texts[$0 + 8], texts[$0 + 9]] })
    var settings = TrainerTests.settings
    settings.loss = loss
    settings.batchSize = 6
    settings.dropout = 0
    settings.length = .steps(20)
    var reports: [TrainingEvent.StepReport] = []
    func vectors() async throws -> [UInt32] {
      reports = []
      let trainer = try settings.trainer(model: model, data: .triplets(triplets), evaluation: .triplets(triplets))
      try await trainer.run { if case .stepped(let report) = $0 { reports.append(report) } }
      return try bits(trainer)
    }
    let whole = try await vectors()
    #expect(reports.count == 20 && reports[19].loss < reports[0].loss)
    settings.pieceSize = 3
    #expect(try await vectors() == whole)
  }

  // MARK: Losses

  /// Every loss learns from labeled texts, and pieces change no bit.
  @Test(arguments: LossChoice.all, [nil, [8, 32]])
  func everyLossOnLabeledTexts(loss: any NamedLoss.Type, matryoshka: [Int]?) async throws {
    var settings = TrainerTests.settings
    settings.loss = loss
    settings.margin = nil
    settings.matryoshkaDimensions = matryoshka
    settings.dropout = 0
    settings.labelsPerBatch = 4
    settings.samplesPerLabel = 4
    settings.length = .steps(12)
    settings.schedule = .constant
    if loss == SoftmaxCrossEntropyLoss.self, matryoshka != nil {
      #expect(throws: LossError.noMatryoshka(loss: loss.name)) { try trainer(settings) }
      return
    }
    func run() async throws -> (losses: [Float], bits: [UInt32]) {
      let trainer = try trainer(settings)
      var losses: [Float] = []
      try await trainer.run { if case .stepped(let report) = $0 { losses.append(report.loss) } }
      return try (losses, bits(trainer))
    }
    let whole = try await run()
    #expect(whole.losses.count == 12 && whole.losses.suffix(4).min()! < whole.losses[0])
    settings.pieceSize = 5
    #expect(try await run().bits == whole.bits)
  }

  @Test(
    arguments: [
      ContrastiveLoss.self, CosineSimilarityLoss.self, CoSENTLoss.self, AnglELoss.self,
      MultipleNegativesRankingLoss.self, SoftmaxCrossEntropyLoss.self,
    ] as [any NamedLoss.Type])
  func lossesOnTables(loss: any NamedLoss.Type) async throws {
    let texts = try TrainerTests.texts().texts
    let first = Array(texts[0..<6]), second = Array(texts[6..<12])
    var settings = TrainerTests.settings
    settings.loss = loss
    settings.margin = nil
    settings.batchSize = 4
    let pairs = [
      Dataset.scoredPairs(ScoredPairs(first: first, second: second, scores: [0, 0.2, 0.4, 0.6, 0.8, 1])),
      .labeledPairs(LabeledPairs(first: first, second: second, areAlike: [true, false, true, false, true, true])),
    ]
    let triplets = Dataset.triplets(
      TextTriplets(anchors: first, positives: second, negatives: texts[8..<14].map { [$0] }))
    for data in pairs + [triplets] {
      let isRanking = loss == MultipleNegativesRankingLoss.self
      if loss == SoftmaxCrossEntropyLoss.self || isRanking && data.kind != .triplets {
        #expect(throws: FineTuningError.self) { try settings.trainer(model: model, data: data) }
      } else {
        var losses: [Float] = []
        try await settings.trainer(model: model, data: data).run {
          if case .stepped(let report) = $0 { losses.append(report.loss) }
        }
        #expect(losses.count == 8 && losses.allSatisfy(\.isFinite))
      }
    }
  }

  /// Each of the two losses takes unit vectors, which are at most 2 apart: a margin of 5 would give a larger loss.
  @Test func dimensionsHaveTheMarginOfUnitVectors() async throws {
    var settings = TrainerTests.settings
    settings.margin = nil
    settings.matryoshkaDimensions = [8, 32]
    let trainer = try trainer(settings)
    #expect(!trainer.normalizes)
    try await trainer.run { event in
      if case .stepped(let report) = event { #expect(report.loss < 2 * 2.3) }
    }
  }

  @Test func dimensionsThatTheVectorsDoNotHave() throws {
    var settings = TrainerTests.settings
    settings.matryoshkaDimensions = [16, 33]
    #expect(throws: LossError.self) { try trainer(settings) }
  }

  /// Typed data gives the bits of data whose kind is chosen at run time.
  @Test func typedDataTrainsAsDataOfRunTimeDoes() async throws {
    var settings = TrainerTests.settings
    settings.loss = TripletLoss.self
    settings.mining = .random
    settings.negativesPerAnchor = 2
    let chosen = try trainer(settings)
    let typed = try Trainer(
      model: model,
      data: .mined(TrainerTests.texts(), .random, negatives: 2, labelsPerBatch: 3, samplesPerLabel: 3),
      loss: TripletLoss(margin: 0.3), settings: settings.settings)
    try await chosen.run()
    try await typed.run()
    #expect(try bits(chosen) == bits(typed))
  }

  /// A user's own loss can take any kind of batch.
  @Test func aRankingLossOfOnesOwnTrains() async throws {
    struct MarginRankingLoss: Loss {
      let margin: Float

      func callAsFunction(_ batch: RankingBatch) -> LossValue {
        let scores = batch.anchors.dotProducts(withAll: batch.positives)
        let own = batch.anchors.dotProducts(with: batch.positives).reshaped([batch.anchorCount, 1])
        return LossValue((scores - own + margin).relu().mean())
      }
    }
    func trainer(margin: Float) throws -> Trainer {
      try Trainer(
        model: model, data: .mined(TrainerTests.texts(), labelsPerBatch: 3, samplesPerLabel: 3),
        loss: MarginRankingLoss(margin: margin), settings: TrainerTests.settings.settings)
    }
    let folder = try TemporaryFolder(), path = folder.path("run")
    try await runCancelled(trainer(margin: 0.5), output: path)
    // Its parameters are part of the run.
    let error = await #expect(throws: FineTuningError.self) {
      try await trainer(margin: 0.25).run(output: path, resumes: true)
    }
    #expect(error.map { "\($0)" }?.contains("loss was MarginRankingLoss(margin: 0.5), is") == true)
    var losses: [Float] = []
    try await trainer(margin: 0.5).run(output: path, resumes: true) { event in
      if case .stepped(let report) = event { losses.append(report.loss) }
    }
    #expect(losses.count == 8 && losses.allSatisfy(\.isFinite))
  }

  // MARK: A classifier

  @Test func classifierIsResumedWithTheSameBytesAndNotSaved() async throws {
    let folder = try TemporaryFolder(), evaluation = Dataset.labeledTexts(try TrainerTests.texts())
    var settings = TrainerTests.settings
    settings.loss = SoftmaxCrossEntropyLoss.self
    settings.margin = nil
    settings.accumulation = 2
    settings.evaluationInterval = 3
    try await trainer(settings, evaluation: evaluation).run(output: folder.path("whole"))
    let model = try SafetensorsFile(path: "\(model)/model.safetensors")
    let tuned = try SafetensorsFile(path: folder.path("whole/model.safetensors"))
    #expect(Set(tuned.tensors.map(\.name)) == Set(model.tensors.map(\.name)))
    for stopAfter in [1, 4, 7] {
      let path = folder.path("stopped-\(stopAfter)")
      try await runCancelled(trainer(settings, evaluation: evaluation), output: path, afterStep: stopAfter)
      let state = try SafetensorsFile(path: "\(path)/checkpoints/step-00000\(stopAfter)/state.safetensors")
      for name in ["weight", "bias"].flatMap({ ["classifier.\($0)", "classifier.\($0) second moment"] }) {
        #expect(state[name] != nil, "\(name)")
      }
      settings.threadCount = stopAfter
      settings.pieceSize = stopAfter
      try await trainer(settings, evaluation: evaluation).run(output: path, resumes: true)
      #expect(
        try contents("\(path)/model.safetensors") == contents(folder.path("whole/model.safetensors")), "\(stopAfter)")
    }
  }

  /// The gradient's norm is that of encoder and classifier together; each may be frozen.
  @Test func classifierAndEncoderAreStepped() async throws {
    func run(frozen: [String]) async throws -> (reports: [TrainingEvent.StepReport], bits: [UInt32]) {
      var settings = TrainerTests.settings
      settings.loss = SoftmaxCrossEntropyLoss.self
      settings.margin = nil
      settings.dropout = 0
      settings.optimizer.frozen = frozen
      let trainer = try trainer(settings)
      var reports: [TrainingEvent.StepReport] = []
      try await trainer.run { if case .stepped(let report) = $0 { reports.append(report) } }
      return try (reports, bits(trainer))
    }
    let both = try await run(frozen: []), encoder = try await run(frozen: ["classifier.*"])
    let classifier = try await run(frozen: ["embeddings.*", "encoder.*"])
    let norms = [encoder, classifier].map { $0.reports[0].gradientNorm }
    let joint = (norms[0] * norms[0] + norms[1] * norms[1]).squareRoot()
    #expect(norms.allSatisfy { $0 > 0 } && abs(both.reports[0].gradientNorm - joint) < 1e-12 * joint)
    let untuned = try await SentenceEncoder(folder: model).encode(["the cat sat", "12 dogs"])
    #expect(classifier.bits == untuned.tensor.values.map(\.bitPattern))
    #expect(encoder.bits != classifier.bits && both.bits != encoder.bits)
    #expect(classifier.reports[7].loss < classifier.reports[0].loss)
  }

  // MARK: Mined triplets

  @Test(arguments: [Mining.inBatch, .random, .offline(Mining.OfflineSettings(interval: 3))])
  func minedRunIsResumedWithTheSameBytes(mining: Mining) async throws {
    let folder = try TemporaryFolder()
    var settings = TrainerTests.settings
    settings.loss = HardestOfKTripletLoss.self
    settings.mining = mining
    settings.negativesPerAnchor = 2
    try await trainer(settings).run(output: folder.path("whole"))
    for stopAfter in [2, 3, 4] {
      let path = folder.path("stopped-\(stopAfter)")
      try await runCancelled(trainer(settings), output: path, afterStep: stopAfter)
      settings.threadCount = stopAfter
      settings.pieceSize = 5
      try await trainer(settings).run(output: path, resumes: true)
      #expect(
        try contents("\(path)/model.safetensors") == contents(folder.path("whole/model.safetensors")), "\(stopAfter)")
    }
  }

  @Test(
    arguments: [
      TripletLoss.self, HardestOfKTripletLoss.self, ContrastiveLoss.self, CoSENTLoss.self,
      MultipleNegativesRankingLoss.self,
    ] as [any NamedLoss.Type])
  func batchesWithoutTripletsHaveTheLossZero(loss: any NamedLoss.Type) async throws {
    var settings = TrainerTests.settings
    settings.loss = loss
    settings.margin = nil
    settings.mining = .offline(Mining.OfflineSettings(margin: 3))
    var losses: [Float] = [], warnings: [String] = []
    try await trainer(settings).run { event in
      if case .stepped(let report) = event { losses.append(report.loss) }
      if case .warned(let warning) = event { warnings.append(warning) }
    }
    #expect(losses == Array(repeating: 0, count: 8))
    #expect(warnings.contains { $0.contains("have no negative") })
  }
}
