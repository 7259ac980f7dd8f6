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

/// Whole runs of a small random BERT of two layers, with dropout.
@Suite struct TrainerTests {
  let model = fixture("batch-hard/model")

  static func texts() throws -> LabeledTexts {
    let json = try JSONParser.parse(path: fixture("batch-hard/batch.json"), limit: 1 << 20)
    let rows = (json.array ?? []).compactMap(\.object)
    return LabeledTexts(
      texts: rows.compactMap { $0["text"]?.string }, labels: rows.compactMap { $0["label"]?.string })
  }

  /// Batches of 3 labels with 3 texts, 8 updates.
  static var settings: RunSettings {
    var settings = RunSettings()
    settings.length = .steps(8)
    settings.labelsPerBatch = 3
    settings.samplesPerLabel = 3
    settings.optimizer.learningRate = 1e-3
    settings.margin = 0.3
    settings.threadCount = 2
    return settings
  }

  func trainer(
    _ settings: RunSettings = TrainerTests.settings, evaluation: Dataset? = nil
  ) throws -> Trainer {
    try settings.trainer(model: model, data: .labeledTexts(TrainerTests.texts()), evaluation: evaluation)
  }

  func bits(_ trainer: Trainer) throws -> [UInt32] { try bits(trainer.tunedEncoder()) }

  func bits(_ encoder: SentenceEncoder) throws -> [UInt32] {
    try encoder.encode(["the cat sat", "12 dogs"]).tensor.values.map(\.bitPattern)
  }

  func contents(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  // MARK: Determinism

  @Test(arguments: [BatchHardTripletLoss.self, SoftmaxCrossEntropyLoss.self] as [any NamedLoss.Type])
  func threadsPiecesAndPathsChangeNoBit(loss: any NamedLoss.Type) async throws {
    var settings = TrainerTests.settings
    settings.loss = loss
    settings.margin = nil
    settings.accumulation = 2
    let trainer = try trainer(settings)
    try await trainer.run()
    let expected = try bits(trainer)
    for (threads, pieceSize) in [(1, 64), (2, 4), (3, 1), (5, 8)] {
      for kernels in Kernels.available {
        settings.threadCount = threads
        settings.pieceSize = pieceSize
        let other = try settings.trainer(
          model: model, data: .labeledTexts(TrainerTests.texts()), kernels: kernels)
        try await other.run()
        #expect(try bits(other) == expected, "\(threads) threads, pieces of \(pieceSize), \(kernels.path)")
      }
    }
  }

  @Test(arguments: [FineTuningSettings.EncoderKind.bert, .wordAverage])
  func theOriginalEncoderIsThatBeforeTheFirstUpdate(kind: FineTuningSettings.EncoderKind) async throws {
    var settings = TrainerTests.settings
    settings.encoder = kind
    settings.loss = SoftmaxCrossEntropyLoss.self
    settings.margin = nil
    let trainer = try trainer(settings), before = try bits(trainer)
    try await trainer.run()
    #expect(try bits(trainer) != before)
    #expect(try bits(trainer.originalEncoder()) == before)
  }

  @Test func seedChangesTheRun() async throws {
    var settings = TrainerTests.settings
    let first = try trainer(settings)
    settings.seed = 1
    let second = try trainer(settings)
    try await first.run()
    try await second.run()
    #expect(try bits(first) != bits(second))
  }

  // MARK: Faults

  /// NaN for one batch, or for three in a row.
  private struct FaultyLoss: Loss {
    let faultyBatches: Set<Int>
    let counter: Counter
    let sound = BatchHardTripletLoss(distance: .euclidean, margin: 0.3)

    final class Counter: Sendable {
      private let count = Monitor(0)
      func next() -> Int {
        count.withLock {
          $0 += 1
          return $0
        }
      }
    }

    func callAsFunction(_ batch: LabeledBatch) -> LossValue {
      let value = sound(batch)
      guard faultyBatches.contains(counter.next()) else { return value }
      return LossValue(value.value * .nan)
    }
  }

  private func faultyTrainer(_ batches: Set<Int>) throws -> Trainer {
    try Trainer(
      model: model, data: .labeled(TrainerTests.texts(), labelsPerBatch: 3, samplesPerLabel: 3),
      loss: FaultyLoss(faultyBatches: batches, counter: FaultyLoss.Counter()), settings: TrainerTests.settings.settings)
  }

  @Test func updateThatIsNotFiniteIsSkippedWhole() async throws {
    let trainer = try faultyTrainer([2, 3, 5])
    var skipped: [Int] = [], before: [UInt32] = []
    let result = try await trainer.run { event in
      guard case .stepped(let report) = event else { return }
      let now = try bits(trainer)
      if report.isSkipped {
        skipped.append(report.step)
        #expect(now == before)
      } else {
        #expect(now != before)
      }
      before = now
    }
    #expect(skipped == [2, 3, 5] && result.skippedSteps == 3)
  }

  @Test func thirdFaultInARowStops() async throws {
    let folder = try TemporaryFolder()
    let error = await #expect(throws: FineTuningError.self) {
      try await faultyTrainer([4, 5, 6]).run(output: folder.path("run"))
    }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains("step 6") && message.contains("rows") && message.contains("learning rate"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/model.safetensors")))
    // The resumed run fails at the same batches.
    await #expect(throws: FineTuningError.self) {
      try await faultyTrainer([4, 5, 6]).run(output: folder.path("run"), resumes: true) { event in
        if case .started(let step, _) = event { #expect(step == 0) }
      }
    }
  }

  @Test(arguments: [1e20, 1e33], [1, 2, 8]) func farTooHighALearningRateIsNeverSaved(rate: Double, steps: Int)
    async throws
  {
    let folder = try TemporaryFolder()
    var settings = TrainerTests.settings
    settings.optimizer.learningRate = rate
    settings.schedule = .constant
    settings.length = .steps(steps)
    await #expect(throws: FineTuningError.self) { try await trainer(settings).run(output: folder.path("run")) }
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/model.safetensors")))
    await #expect(throws: FineTuningError.self) {
      try await trainer(settings, evaluation: .labeledTexts(TrainerTests.texts())).run()
    }
    settings.checkpointInterval = 1
    await #expect(throws: FineTuningError.self) { try await trainer(settings).run(output: folder.path("saving")) }
    #expect(!FileManager.default.fileExists(atPath: folder.path("saving/model.safetensors")))
  }

  @Test func settingsThatMakeNoSenseAreNamed() throws {
    func expect(_ name: String, _ change: (inout RunSettings) -> Void) {
      var settings = TrainerTests.settings
      change(&settings)
      let error = #expect(throws: FineTuningError.self) { try trainer(settings) }
      #expect(error.map { "\($0)" }?.hasPrefix(name) == true)
    }
    expect("the number of steps is 0") { $0.length = .steps(0) }
    expect("the number of epochs is -1") { $0.length = .epochs(-1) }
    expect("the number of epochs is \(Int.max)") { $0.length = .epochs(.max) }
    expect("the number of steps is \(Int.max)") { $0.length = .steps(.max) }
    expect("the accumulation is \(Int.max)") { $0.accumulation = .max }
    expect("the number of steps is \(1 << 52)") {
      $0.length = .steps(1 << 52)
      $0.accumulation = 4
    }
    expect("labels per batch is 1") { $0.labelsPerBatch = 1 }
    expect("dropout is 1.0") { $0.dropout = 1 }
    expect("the learning rate is nan") { $0.optimizer.learningRate = .nan }
    expect("the clip norm is 0.0") { $0.optimizer.gradientNormLimit = 0 }
    expect("a beta is 1.0") { $0.optimizer.beta2 = 1 }
    expect("epsilon is nan") { $0.optimizer.epsilon = .nan }
    expect("the learning rate of a group is -1.0") {
      $0.optimizer.groups = [AdamWSettings.ParameterGroup("*", learningRate: -1)]
    }
    expect("the weight decay of a group is inf") {
      $0.optimizer.groups = [AdamWSettings.ParameterGroup("*", weightDecay: .infinity)]
    }
    expect("the number of negatives is 0") { $0.negativesPerAnchor = 0 }
    expect("the number of negatives is \(Int.max)") { $0.negativesPerAnchor = .max }
  }

  // MARK: What is kept

  @Test func maxLengthIsThatOfTraining() throws {
    var settings = TrainerTests.settings
    #expect(try trainer(settings).maxLength == 64)
    settings.maxLength = 5
    #expect(try trainer(settings).maxLength == 5)
  }

  /// Modes in any order and repeated. The older spelling of a folder can express only some of them.
  @Test(arguments: [[PoolingMode.mean, .cls], [.mean, .mean], [.cls, .mean], [.lastToken]])
  func tunedFolderEmbedsAsTheTrainerDoes(modes: [PoolingMode]) async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    var settings = TrainerTests.settings
    settings.pooling = modes
    settings.normalize = true
    let trainer = try trainer(settings)
    try await trainer.run(output: path)
    let encoder = try SentenceEncoder(folder: path)
    #expect(encoder.pooling == modes && encoder.normalizes)
    #expect(try bits(encoder) == bits(trainer))
  }

  @Test func bestWeightsAreKeptAndPatienceEnds() async throws {
    var settings = TrainerTests.settings
    settings.length = .steps(40)
    settings.evaluationInterval = 1
    settings.patience = 3
    let trainer = try trainer(settings, evaluation: .labeledTexts(TrainerTests.texts()))
    var scores: [Double] = [], vectors: [[UInt32]] = []
    let result = try await trainer.run { event in
      guard case .evaluated(let step, let evaluation) = event, step > 0 else { return }
      scores.append(evaluation.main.value)
      vectors.append(try bits(trainer))
    }
    let best = try #require(result.best), highest = try #require(scores.max())
    #expect(best.evaluation.main.value == highest && scores.firstIndex(of: highest) == best.step - 1)
    #expect(try bits(trainer) == vectors[best.step - 1])
    #expect(result.end == .ranOutOfPatience && result.stepCount == best.step + 3)
  }

  @Test func frozenParametersStayAsTheyAre() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    var settings = TrainerTests.settings
    settings.optimizer.frozen = ["embeddings.*", "*.key.*"]
    try await trainer(settings).run(output: path)
    let before = try SafetensorsFile(path: "\(model)/model.safetensors")
    let after = try SafetensorsFile(path: "\(path)/model.safetensors")
    for tensor in after.tensors {
      let isFrozen = tensor.name.hasPrefix("embeddings.") || tensor.name.contains(".key.")
      let original = try #require(before[tensor.name])
      let isSame = try after.elements(of: tensor, as: UInt8.self) == before.elements(of: original)
      #expect(isSame == isFrozen, "\(tensor.name)")
    }
  }

  @Test func lossFallsOnTextsThatItSees() async throws {
    var settings = TrainerTests.settings
    settings.length = .steps(60)
    settings.dropout = 0
    var losses: [Float] = []
    try await trainer(settings).run { event in
      if case .stepped(let report) = event { losses.append(report.loss) }
    }
    let first: Float = losses.prefix(10).reduce(0, +), last: Float = losses.suffix(10).reduce(0, +)
    #expect(last < 0.7 * first)
  }
}
