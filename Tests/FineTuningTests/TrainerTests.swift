// SPDX-License-Identifier: Apache-2.0

import Autodiff
import BertEncoder
import Checkpoint
import FileFormats
import FineTuning
import Foundation
import TensorCore
import TestSupport
import Testing

/// Whole runs of a small random BERT of two layers, with dropout.
@Suite struct TrainerTests {
  private let model = fixture("batch-hard/model")

  private static func texts() throws -> LabeledTexts {
    let json = try JSONParser.parse(file: fixture("batch-hard/batch.json"), limit: 1 << 20)
    let rows = (json.array ?? []).compactMap(\.object)
    return LabeledTexts(
      texts: rows.compactMap { $0["text"]?.string }, labels: rows.compactMap { $0["label"]?.string })
  }

  /// Batches of 3 labels with 3 texts, 8 updates.
  private static var settings: FineTuningSettings {
    var settings = FineTuningSettings()
    settings.length = .steps(8)
    settings.labelsPerBatch = 3
    settings.samplesPerLabel = 3
    settings.optimizer.learningRate = 1e-3
    settings.margin = 0.3
    settings.threadCount = 2
    return settings
  }

  private func trainer(
    _ settings: FineTuningSettings = TrainerTests.settings, evaluation: Dataset? = nil
  ) throws -> Trainer {
    try Trainer(model: model, data: .labeledTexts(TrainerTests.texts()), evaluation: evaluation, settings: settings)
  }

  private func bits(_ trainer: Trainer) throws -> [UInt32] {
    try trainer.tunedEncoder().encode(["the cat sat", "12 dogs"]).tensor.values.map(\.bitPattern)
  }

  private func contents(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  // MARK: Determinism

  @Test func threadsPiecesAndPathsChangeNoBit() throws {
    var settings = TrainerTests.settings
    settings.accumulation = 2
    let trainer = try trainer(settings)
    try trainer.run()
    let expected = try bits(trainer)
    for (threads, pieceSize) in [(1, 64), (2, 4), (3, 1), (5, 8)] {
      for kernels in Kernels.available {
        settings.threadCount = threads
        settings.pieceSize = pieceSize
        let other = try Trainer(
          model, .labeledTexts(TrainerTests.texts()), nil, settings, lossName: "batch-hard-triplet", kernels: kernels
        ) { _ in .labeled(BatchHardTripletLoss(distance: .euclidean, margin: 0.3)) }
        try other.run()
        #expect(try bits(other) == expected, "\(threads) threads, pieces of \(pieceSize), \(kernels.path)")
      }
    }
  }

  @Test func seedChangesTheRun() throws {
    var settings = TrainerTests.settings
    let first = try trainer(settings)
    settings.seed = 1
    let second = try trainer(settings)
    try first.run()
    try second.run()
    #expect(try bits(first) != bits(second))
  }

  // MARK: Checkpoints

  @Test func stoppedAndResumedRunEndsWithTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let evaluation = Dataset.labeledTexts(try TrainerTests.texts())
    var settings = TrainerTests.settings
    settings.evaluationInterval = 2
    settings.checkpointInterval = 3
    try trainer(settings, evaluation: evaluation).run(output: folder.path("whole"))
    for stopAfter in [1, 4, 5, 7] {
      let stop = StopFlag(), path = folder.path("stopped-\(stopAfter)")
      let result = try trainer(settings, evaluation: evaluation).run(output: path, stop: stop) { event in
        if case .stepped(let report) = event, report.step == stopAfter { stop.request() }
      }
      #expect(result.end == .stopped && result.stepCount == stopAfter)
      settings.threadCount = stopAfter
      settings.pieceSize = stopAfter
      var resumedAt: Int?
      let resumed = try trainer(settings, evaluation: evaluation).run(output: path, resumes: true) { event in
        if case .started(let step, _) = event { resumedAt = step }
      }
      #expect(resumedAt == stopAfter && resumed.end == .completed)
      for name in ["model.safetensors", "config.json", "modules.json", "1_Pooling/config.json", "vocab.txt"] {
        #expect(try contents("\(path)/\(name)") == contents(folder.path("whole/\(name)")), "\(name), \(stopAfter)")
      }
      #expect(!FileManager.default.fileExists(atPath: "\(path)/checkpoints"))
    }
  }

  @Test func finishedRunIsLeftAlone() throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    try trainer().run(output: path)
    let before = try contents("\(path)/model.safetensors"), names = try Folder(path).names()
    #expect(try trainer().run(output: path, resumes: true).end == .alreadyFinished)
    #expect(try contents("\(path)/model.safetensors") == before)
    // As a process leaves it that is killed before it removed the checkpoints, and one that did not remove all.
    try folder.write("", to: "run/checkpoints/step-000008/manifest.json")
    try folder.write("", to: "run/.swiftlet-1.tmp/step-000008/manifest.json")
    #expect(try trainer().run(output: path, resumes: true).end == .alreadyFinished)
    #expect(try Folder(path).names() == names)
    #expect(throws: FineTuningError.self) { try trainer().run(output: path) }
  }

  @Test func resumeWithoutCheckpointStartsAtZeroAndSaysSo() throws {
    let folder = try TemporaryFolder()
    var warnings: [String] = []
    try trainer().run(output: folder.path("run"), resumes: true) { event in
      if case .warned(let warning) = event { warnings.append(warning) }
    }
    #expect(warnings.contains { $0.contains("starts at step 0") })
  }

  @Test func oddEvaluationDataIsWarnedOf() throws {
    let evaluation = LabeledTexts(texts: ["a", "b", "c"], labels: ["x", "x", "y"])
    let warnings = try trainer(evaluation: .labeledTexts(evaluation)).warnings
    #expect(warnings.contains { $0.hasPrefix("evaluation data: one text alone has the label \"y\"") })
  }

  @Test func aFolderOfAnothersCheckpointsIsLeftAlone() throws {
    let folder = try TemporaryFolder(), file = try folder.write("mine", to: "run/checkpoints/notes.txt")
    #expect(throws: FineTuningError.self) { try trainer().run(output: folder.path("run"), resumes: true) }
    try folder.write("mine", to: "run/model.safetensors")
    #expect(try trainer().run(output: folder.path("run"), resumes: true).end == .alreadyFinished)
    #expect(FileManager.default.fileExists(atPath: file))
  }

  @Test func dataWithoutRowsIsAnError() throws {
    let none = Dataset.triplets(TextTriplets(anchors: [], positives: [], negatives: []))
    var settings = TrainerTests.settings
    settings.loss = .triplet
    // Before the model is looked for.
    #expect(throws: FineTuningError.self) { try Trainer(model: "nowhere", data: none, settings: settings) }
  }

  @Test func scoresOutOfALossesReachAreWarnedOf() throws {
    func warnings(_ loss: LossName, _ scores: [Double]) throws -> [String] {
      var settings = FineTuningSettings()
      settings.loss = loss
      let pairs = ScoredPairs(first: ["cat", "dog"], second: ["cat", "mat"], scores: scores)
      return try Trainer(model: model, data: .scoredPairs(pairs), settings: settings).warnings
    }
    for loss in [LossName.cosineSimilarity, .contrastive] {
      #expect(try warnings(loss, [0, 5]).contains { $0.hasPrefix("scores are from 0.0 to 5.0, but \(loss.rawValue)") })
      #expect(try warnings(loss, [0, 1]).allSatisfy { !$0.contains("scores") })
    }
    #expect(try warnings(.cosineSimilarity, [-1, 1]).allSatisfy { !$0.contains("scores") })
    #expect(try warnings(.contrastive, [-1, 1]).contains { $0.contains("from 0 to 1") })
    #expect(try warnings(.coSENT, [0, 5]).allSatisfy { !$0.contains("scores") })
  }

  /// Each setting that the weights follow from.
  @Test func resumeOfAnotherRunNamesWhatDiffers() throws {
    let folder = try TemporaryFolder(), path = folder.path("run"), stop = StopFlag()
    stop.request()
    try trainer().run(output: path, stop: stop)
    func expectDifference(_ field: String, _ change: (inout FineTuningSettings) -> Void) throws {
      var settings = TrainerTests.settings
      change(&settings)
      let trainer = try trainer(settings)
      let error = #expect(throws: FineTuningError.self) { try trainer.run(output: path, resumes: true) }
      #expect(error.map { "\($0)" }?.contains(field) == true, "\(error.map { "\($0)" } ?? "")")
    }
    try expectDifference("steps was 8, is 9") { $0.length = .steps(9) }
    try expectDifference("loss was batch-hard-triplet, is batch-all-triplet") { $0.loss = .batchAllTriplet }
    try expectDifference("distance was euclidean, is cosine") { $0.distance = .cosine }
    try expectDifference("margin was 0.3, is 0.2") { $0.margin = 0.2 }
    try expectDifference("labels per batch was 3, is 2") { $0.labelsPerBatch = 2 }
    try expectDifference("learning rate was 0.001, is 0.002") { $0.optimizer.learningRate = 2e-3 }
    try expectDifference("frozen was ") { $0.optimizer.frozen = ["embeddings.*"] }
    try expectDifference("dropout was default, is 0.2") { $0.dropout = 0.2 }
    try expectDifference("normalize was false, is true") { $0.normalize = true }
    try expectDifference("maximum length was ") { $0.maxLength = 5 }
    try expectDifference("seed was 0, is 1") { $0.seed = 1 }
    var texts = try TrainerTests.texts()
    texts = LabeledTexts(texts: texts.texts.map { $0 + "." }, labels: texts.labels.map { texts.labelNames[$0] })
    let other = try Trainer(model: model, data: .labeledTexts(texts), settings: TrainerTests.settings)
    let error = #expect(throws: FineTuningError.self) { try other.run(output: path, resumes: true) }
    #expect(error.map { "\($0)" }?.contains("training data was") == true)
  }

  /// What the settings leave to the folder is the run's, too.
  @Test func resumeFromAFolderThatChangedNamesWhatDiffers() throws {
    let folder = try TemporaryFolder(), path = folder.path("run"), model = folder.path("model"), stop = StopFlag()
    try FileManager.default.copyItem(atPath: self.model, toPath: model)
    func trainer() throws -> Trainer {
      try Trainer(model: model, data: .labeledTexts(TrainerTests.texts()), settings: TrainerTests.settings)
    }
    stop.request()
    try trainer().run(output: path, stop: stop)
    try folder.write(#"{"max_seq_length": 5, "do_lower_case": false}"#, to: "model/sentence_bert_config.json")
    let error = #expect(throws: FineTuningError.self) { try trainer().run(output: path, resumes: true) }
    #expect(error.map { "\($0)" }?.contains("maximum length was ") == true, "\(error.map { "\($0)" } ?? "")")
  }

  /// As where the disk is full once the last update is done.
  @Test func runWhoseModelCouldNotBeWrittenIsResumedAtItsEnd() throws {
    struct Failure: Error {}
    let folder = try TemporaryFolder(), path = folder.path("run")
    try trainer().run(output: folder.path("whole"))
    #expect(throws: Failure.self) {
      try trainer().run(output: path) { event in
        if case .completing = event { throw Failure() }
      }
    }
    let result = try trainer().run(output: path, resumes: true) { event in
      if case .stepped(let report) = event { Issue.record("step \(report.step) is done again") }
    }
    #expect(result.end == .completed && result.stepCount == 8)
    #expect(try contents("\(path)/model.safetensors") == contents(folder.path("whole/model.safetensors")))
  }

  @Test func constantRateMayGoOnForLonger() throws {
    let folder = try TemporaryFolder()
    var settings = TrainerTests.settings
    settings.schedule = .constant
    settings.warmupRatio = 0.5
    let stop = StopFlag(), path = folder.path("run")
    try trainer(settings).run(output: path, stop: stop) { event in
      if case .stepped(let report) = event, report.step == 5 { stop.request() }
    }
    settings.length = .steps(12)
    var rates: [Double] = []
    try trainer(settings).run(output: path, resumes: true) { event in
      if case .stepped(let report) = event { rates.append(report.learningRate) }
    }
    // The warm-up of the first run, 4 updates, is over.
    #expect(rates == Array(repeating: 1e-3, count: 7))
  }

  // MARK: Explicit triplets

  @Test(arguments: [LossName.triplet, .hardestOfKTriplet]) func tripletsOfATable(loss: LossName) throws {
    let texts = try TrainerTests.texts().texts
    let triplets = TextTriplets(
      anchors: Array(texts[0..<6]), positives: Array(texts[1..<7]),
      negatives: (0..<6).map { [texts[$0 + 8], texts[$0 + 9]] })
    var settings = TrainerTests.settings
    settings.loss = loss
    settings.batchSize = 6
    settings.dropout = 0
    settings.length = .steps(20)
    var reports: [StepReport] = []
    func vectors() throws -> [UInt32] {
      reports = []
      let trainer = try Trainer(
        model: model, data: .triplets(triplets), evaluation: .triplets(triplets), settings: settings)
      try trainer.run { if case .stepped(let report) = $0 { reports.append(report) } }
      return try bits(trainer)
    }
    let whole = try vectors()
    #expect(reports.count == 20 && reports[19].loss < reports[0].loss)
    settings.pieceSize = 3
    #expect(try vectors() == whole)
  }

  // MARK: Losses

  /// Every loss that a trainer takes, on labeled texts: it learns, and pieces change no bit.
  @Test(arguments: LossName.allCases.filter { $0 != .softmaxCrossEntropy }, [nil, [8, 32]])
  func everyLossOnLabeledTexts(loss: LossName, matryoshka: [Int]?) throws {
    var settings = TrainerTests.settings
    settings.loss = loss
    settings.margin = nil
    settings.matryoshkaDimensions = matryoshka
    settings.dropout = 0
    settings.labelsPerBatch = 4
    settings.samplesPerLabel = 4
    settings.length = .steps(12)
    settings.schedule = .constant
    func run() throws -> (losses: [Float], bits: [UInt32]) {
      let trainer = try trainer(settings)
      var losses: [Float] = []
      try trainer.run { if case .stepped(let report) = $0 { losses.append(report.loss) } }
      return try (losses, bits(trainer))
    }
    let whole = try run()
    #expect(whole.losses.count == 12 && whole.losses.suffix(4).min()! < whole.losses[0])
    settings.pieceSize = 5
    #expect(try run().bits == whole.bits)
  }

  @Test(arguments: [LossName.contrastive, .cosineSimilarity, .coSENT, .anglE, .multipleNegativesRanking])
  func lossesOnTables(loss: LossName) throws {
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
      if loss == .multipleNegativesRanking, data.kind != .triplets {
        #expect(throws: FineTuningError.self) { try Trainer(model: model, data: data, settings: settings) }
      } else {
        var losses: [Float] = []
        try Trainer(model: model, data: data, settings: settings).run {
          if case .stepped(let report) = $0 { losses.append(report.loss) }
        }
        #expect(losses.count == 8 && losses.allSatisfy(\.isFinite))
      }
    }
  }

  /// Each of the two losses is of unit vectors, which are at most 2 apart: a margin of 5 would show.
  @Test func dimensionsHaveTheMarginOfUnitVectors() throws {
    var settings = TrainerTests.settings
    settings.margin = nil
    settings.matryoshkaDimensions = [8, 32]
    let trainer = try trainer(settings)
    #expect(!trainer.normalizes)
    try trainer.run { event in
      if case .stepped(let report) = event { #expect(report.loss < 2 * 2.3) }
    }
  }

  @Test func dimensionsThatTheVectorsDoNotHave() throws {
    var settings = TrainerTests.settings
    settings.matryoshkaDimensions = [16, 33]
    #expect(throws: LossError.self) { try trainer(settings) }
  }

  // MARK: Mined triplets

  @Test(arguments: Mining.allCases) func minedRunIsResumedWithTheSameBytes(mining: Mining) throws {
    let folder = try TemporaryFolder()
    var settings = TrainerTests.settings
    settings.loss = .hardestOfKTriplet
    settings.mining = mining
    settings.negativesPerAnchor = 2
    settings.offlineMining.interval = 3
    try trainer(settings).run(output: folder.path("whole"))
    for stopAfter in [2, 3, 4] {
      let stop = StopFlag(), path = folder.path("stopped-\(stopAfter)")
      try trainer(settings).run(output: path, stop: stop) { event in
        if case .stepped(let report) = event, report.step == stopAfter { stop.request() }
      }
      settings.threadCount = stopAfter
      settings.pieceSize = 5
      try trainer(settings).run(output: path, resumes: true)
      #expect(
        try contents("\(path)/model.safetensors") == contents(folder.path("whole/model.safetensors")), "\(stopAfter)")
    }
  }

  @Test(arguments: [LossName.triplet, .hardestOfKTriplet, .contrastive, .coSENT, .multipleNegativesRanking])
  func batchesWithoutTripletsHaveTheLossZero(loss: LossName) throws {
    var settings = TrainerTests.settings
    settings.loss = loss
    settings.margin = nil
    settings.mining = .offline
    settings.offlineMining.margin = 3
    var losses: [Float] = [], warnings: [String] = []
    try trainer(settings).run { event in
      if case .stepped(let report) = event { losses.append(report.loss) }
      if case .warned(let warning) = event { warnings.append(warning) }
    }
    #expect(losses == Array(repeating: 0, count: 8))
    #expect(warnings.contains { $0.contains("have no negative") })
  }

  // MARK: Faults

  /// NaN for one batch, or for three in a row.
  private struct FaultyLoss: LabeledLoss {
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

    func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue {
      let value = sound(vectors, labels: labels, in: context)
      guard faultyBatches.contains(counter.next()) else { return value }
      return LossValue(context.product(value.value, .nan))
    }
  }

  private func faultyTrainer(_ batches: Set<Int>) throws -> Trainer {
    try Trainer(
      model: model, data: TrainerTests.texts(), settings: TrainerTests.settings,
      loss: FaultyLoss(faultyBatches: batches, counter: FaultyLoss.Counter()), name: "faulty")
  }

  @Test func updateThatIsNotFiniteIsSkippedWhole() throws {
    let trainer = try faultyTrainer([2, 3, 5])
    var skipped: [Int] = [], before: [UInt32] = []
    let result = try trainer.run { event in
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

  @Test func thirdFaultInARowStops() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FineTuningError.self) {
      try faultyTrainer([4, 5, 6]).run(output: folder.path("run"))
    }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains("step 6") && message.contains("rows") && message.contains("learning rate"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/model.safetensors")))
  }

  @Test(arguments: [1e20, 1e33], [1, 2, 8]) func farTooHighALearningRateIsNeverSaved(rate: Double, steps: Int) throws {
    let folder = try TemporaryFolder()
    var settings = TrainerTests.settings
    settings.optimizer.learningRate = rate
    settings.schedule = .constant
    settings.length = .steps(steps)
    #expect(throws: FineTuningError.self) { try trainer(settings).run(output: folder.path("run")) }
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/model.safetensors")))
    #expect(throws: FineTuningError.self) {
      try trainer(settings, evaluation: .labeledTexts(TrainerTests.texts())).run()
    }
    settings.checkpointInterval = 1
    #expect(throws: FineTuningError.self) { try trainer(settings).run(output: folder.path("saving")) }
    #expect(!FileManager.default.fileExists(atPath: folder.path("saving/model.safetensors")))
  }

  @Test func settingsThatMakeNoSenseAreNamed() throws {
    func expect(_ name: String, _ change: (inout FineTuningSettings) -> Void) {
      var settings = TrainerTests.settings
      change(&settings)
      let error = #expect(throws: FineTuningError.self) { try trainer(settings) }
      #expect(error.map { "\($0)" }?.hasPrefix(name) == true)
    }
    expect("the number of steps is 0") { $0.length = .steps(0) }
    expect("the number of epochs is -1") { $0.length = .epochs(-1) }
    expect("labels per batch is 1") { $0.labelsPerBatch = 1 }
    expect("dropout is 1.0") { $0.dropout = 1 }
    expect("the learning rate is nan") { $0.optimizer.learningRate = .nan }
    expect("the clip norm is 0.0") { $0.optimizer.gradientNormLimit = 0 }
    expect("a beta is 1.0") { $0.optimizer.beta2 = 1 }
    expect("epsilon is nan") { $0.optimizer.epsilon = .nan }
    expect("the learning rate of a group is -1.0") { $0.optimizer.groups = [ParameterGroup("*", learningRate: -1)] }
    expect("the weight decay of a group is inf") { $0.optimizer.groups = [ParameterGroup("*", weightDecay: .infinity)] }
    expect("the number of negatives is 0") { $0.negativesPerAnchor = 0 }
  }

  // MARK: What is kept

  @Test func maxLengthIsThatOfTraining() throws {
    var settings = TrainerTests.settings
    #expect(try trainer(settings).maxLength == 64)
    settings.maxLength = 5
    #expect(try trainer(settings).maxLength == 5)
  }

  @Test func tunedFolderEmbedsAsTheTrainerDoes() throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    var settings = TrainerTests.settings
    settings.pooling = [.mean, .cls]
    settings.normalize = true
    let trainer = try trainer(settings)
    try trainer.run(output: path)
    let encoder = try SentenceEncoder(folder: path)
    #expect(encoder.pooling == [.cls, .mean] && encoder.normalizes)
    #expect(try encoder.encode(["the cat sat", "12 dogs"]).tensor.values.map(\.bitPattern) == bits(trainer))
  }

  @Test func bestWeightsAreKeptAndPatienceEnds() throws {
    var settings = TrainerTests.settings
    settings.length = .steps(40)
    settings.evaluationInterval = 1
    settings.patience = 3
    let trainer = try trainer(settings, evaluation: .labeledTexts(TrainerTests.texts()))
    var scores: [Double] = [], vectors: [[UInt32]] = []
    let result = try trainer.run { event in
      guard case .evaluated(let step, let evaluation) = event, step > 0 else { return }
      scores.append(evaluation.main.value)
      vectors.append(try bits(trainer))
    }
    let best = try #require(result.best), highest = try #require(scores.max())
    #expect(best.evaluation.main.value == highest && scores.firstIndex(of: highest) == best.step - 1)
    #expect(try bits(trainer) == vectors[best.step - 1])
    #expect(result.end == .ranOutOfPatience && result.stepCount == best.step + 3)
  }

  @Test func frozenParametersStayAsTheyAre() throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    var settings = TrainerTests.settings
    settings.optimizer.frozen = ["embeddings.*", "*.key.*"]
    try trainer(settings).run(output: path)
    let before = try SafetensorsFile(path: "\(model)/model.safetensors")
    let after = try SafetensorsFile(path: "\(path)/model.safetensors")
    func bytes(_ tensor: TensorInfo) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: tensor.byteRange.count)
      try bytes.withUnsafeMutableBytes { try after.read(tensor, into: $0) }
      return bytes
    }
    for tensor in after.tensors {
      let isFrozen = tensor.name.hasPrefix("embeddings.") || tensor.name.contains(".key.")
      let original = try #require(before[tensor.name])
      let isSame = try bytes(tensor) == bytes(original)
      #expect(isSame == isFrozen, "\(tensor.name)")
    }
  }

  @Test func lossFallsOnTextsThatItSees() throws {
    var settings = TrainerTests.settings
    settings.length = .steps(60)
    settings.dropout = 0
    var losses: [Float] = []
    try trainer(settings).run { event in
      if case .stepped(let report) = event { losses.append(report.loss) }
    }
    let first: Float = losses.prefix(10).reduce(0, +), last: Float = losses.suffix(10).reduce(0, +)
    #expect(last < 0.7 * first)
  }
}
