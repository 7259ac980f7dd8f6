// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTraining
import TestSupport
import Testing

extension TrainerTests {
  @Test func stoppedAndResumedRunEndsWithTheSameBytes() async throws {
    let folder = try TemporaryFolder()
    let evaluation = Dataset.labeledTexts(try TrainerTests.texts())
    var settings = TrainerTests.settings
    settings.evaluationInterval = 2
    settings.checkpointInterval = 3
    try await trainer(settings, evaluation: evaluation).run(output: folder.path("whole"))
    for stopAfter in [1, 4, 5, 7] {
      let path = folder.path("stopped-\(stopAfter)")
      try await runCancelled(trainer(settings, evaluation: evaluation), output: path, afterStep: stopAfter)
      settings.threadCount = stopAfter
      settings.pieceSize = stopAfter
      var resumedAt: Int?
      let resumed = try await trainer(settings, evaluation: evaluation).run(output: path, resumes: true) { event in
        if case .started(let step, _) = event { resumedAt = step }
      }
      #expect(resumedAt == stopAfter && resumed.end == .completed)
      for name in ["model.safetensors", "config.json", "modules.json", "1_Pooling/config.json", "vocab.txt"] {
        #expect(try contents("\(path)/\(name)") == contents(folder.path("whole/\(name)")), "\(name), \(stopAfter)")
      }
      #expect(!FileManager.default.fileExists(atPath: "\(path)/checkpoints"))
    }
  }

  @Test func finishedRunIsLeftAlone() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    try await trainer().run(output: path)
    let before = try contents("\(path)/model.safetensors"), names = try Folder(path).names()
    #expect(try await trainer().run(output: path, resumes: true).end == .alreadyFinished)
    #expect(try contents("\(path)/model.safetensors") == before)
    // As after a process that was killed before it removed the checkpoints, and one that removed only some.
    try folder.write("", to: "run/checkpoints/step-000008/manifest.json")
    try folder.write("", to: "run/.swiftlet-1.tmp/step-000008/manifest.json")
    #expect(try await trainer().run(output: path, resumes: true).end == .alreadyFinished)
    #expect(try Folder(path).names() == names)
    await #expect(throws: FineTuningError.self) { try await trainer().run(output: path) }
  }

  @Test func resumeWithoutCheckpointStartsAtZeroAndSaysSo() async throws {
    let folder = try TemporaryFolder()
    var warnings: [String] = []
    try await trainer().run(output: folder.path("run"), resumes: true) { event in
      if case .warned(let warning) = event { warnings.append(warning) }
    }
    #expect(warnings.contains { $0.contains("starts at step 0") })
  }

  @Test func aRunKeepsItsPrecision() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    var settings = TrainerTests.settings
    let exact = try trainer(settings)
    try await exact.run()
    settings.precision = .bfloat16
    let rounded = try trainer(settings)
    let expected = try await exact.tunedEncoder().encode(["the cat sat"]).tensor
    try await rounded.run()
    let found = try await rounded.tunedEncoder().encode(["the cat sat"]).tensor
    #expect(found.values != expected.values)
    #expect(relativeDistance(found.values, expected.values.map(Double.init)) < 0.1)
    // Stopped in one precision, a run does not go on in another.
    await runCancelled(try trainer(settings), output: path, afterStep: 4)
    settings.precision = .float32
    let error = await #expect(throws: FineTuningError.self) {
      try await trainer(settings).run(output: path, resumes: true)
    }
    #expect(error?.description.contains("precision was bfloat16, is not given") == true)
    settings.precision = .int8
    #expect(throws: FineTuningError.self) { try trainer(settings) }
  }

  @Test func oddEvaluationDataIsWarnedOf() throws {
    let evaluation = LabeledTexts(texts: ["a", "b", "c"], labels: ["x", "x", "y"])
    let warnings = try trainer(evaluation: .labeledTexts(evaluation)).warnings
    #expect(warnings.contains { $0.hasPrefix("evaluation data: only one text has the label \"y\"") })
  }

  @Test func aFolderOfAnothersCheckpointsIsLeftAlone() async throws {
    let folder = try TemporaryFolder(), file = try folder.write("mine", to: "run/checkpoints/notes.txt")
    await #expect(throws: FineTuningError.self) { try await trainer().run(output: folder.path("run"), resumes: true) }
    try folder.write("mine", to: "run/model.safetensors")
    #expect(try await trainer().run(output: folder.path("run"), resumes: true).end == .alreadyFinished)
    #expect(FileManager.default.fileExists(atPath: file))
  }

  @Test func theCallersOwnFilesGoWithTheCheckpoints() async throws {
    let folder = try TemporaryFolder()
    try folder.write("{}", to: "run/checkpoints/notes.jsonl")
    await #expect(throws: FineTuningError.self) {
      try await trainer().run(output: folder.path("run"), resumes: true, companions: ["log.jsonl"])
    }
    // No file here has a name that the library knows.
    try folder.write("{}", to: "other/checkpoints/log.jsonl")
    await #expect(throws: FineTuningError.self) { try await trainer().run(output: folder.path("other"), resumes: true) }
    let result = try await trainer().run(output: folder.path("run"), resumes: true, companions: ["notes.jsonl"])
    #expect(result.end == .completed)
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/checkpoints")))
  }

  @Test func dataWithoutRowsIsAnError() throws {
    let none = Dataset.triplets(TextTriplets(anchors: [], positives: [], negatives: []))
    var settings = TrainerTests.settings
    settings.loss = TripletLoss.self
    // This is checked before the model is loaded.
    #expect(throws: FineTuningError.self) { try settings.trainer(model: "nowhere", data: none) }
  }

  @Test func scoresOutOfALossesReachAreWarnedOf() throws {
    func warnings(_ loss: any NamedLoss.Type, _ scores: [Double]) throws -> [String] {
      var settings = RunSettings()
      settings.loss = loss
      let pairs = ScoredPairs(first: ["cat", "dog"], second: ["cat", "mat"], scores: scores)
      return try settings.trainer(model: model, data: .scoredPairs(pairs)).warnings
    }
    for loss in [CosineSimilarityLoss.self, ContrastiveLoss.self] as [any NamedLoss.Type] {
      #expect(try warnings(loss, [0, 5]).contains { $0.hasPrefix("scores are from 0.0 to 5.0, but \(loss.name)") })
      #expect(try warnings(loss, [0, 1]).allSatisfy { !$0.contains("scores") })
    }
    #expect(try warnings(CosineSimilarityLoss.self, [-1, 1]).allSatisfy { !$0.contains("scores") })
    #expect(try warnings(ContrastiveLoss.self, [-1, 1]).contains { $0.contains("from 0 to 1") })
    #expect(try warnings(CoSENTLoss.self, [0, 5]).allSatisfy { !$0.contains("scores") })
  }

  /// Each setting that changes the weights.
  @Test func resumeOfAnotherRunNamesWhatDiffers() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    try await runCancelled(trainer(), output: path)
    func expectDifference(_ field: String, _ change: (inout RunSettings) -> Void) async throws {
      var settings = TrainerTests.settings
      change(&settings)
      let trainer = try trainer(settings)
      let error = await #expect(throws: FineTuningError.self) { try await trainer.run(output: path, resumes: true) }
      #expect(error.map { "\($0)" }?.contains(field) == true, "\(error.map { "\($0)" } ?? "")")
    }
    try await expectDifference("steps was 8, is 9") { $0.length = .steps(9) }
    let loss = "loss was BatchHardTripletLoss(distance: euclidean, margin: 0.3), is "
    try await expectDifference(loss + "BatchAllTripletLoss(distance: euclidean, margin: 0.3)") {
      $0.loss = BatchAllTripletLoss.self
    }
    try await expectDifference(loss + "BatchHardTripletLoss(distance: cosine, margin: 0.3)") { $0.distance = .cosine }
    try await expectDifference(loss + "BatchHardTripletLoss(distance: euclidean, margin: 0.2)") { $0.margin = 0.2 }
    try await expectDifference("labels per batch was 3, is 2") { $0.labelsPerBatch = 2 }
    try await expectDifference("learning rate was 0.001, is 0.002") { $0.optimizer.learningRate = 2e-3 }
    try await expectDifference("frozen was ") { $0.optimizer.frozen = ["embeddings.*"] }
    try await expectDifference("dropout was default, is 0.2") { $0.dropout = 0.2 }
    try await expectDifference("normalize was false, is true") { $0.normalize = true }
    try await expectDifference("maximum length was ") { $0.maxLength = 5 }
    try await expectDifference("seed was 0, is 1") { $0.seed = 1 }
    try await expectDifference("precision was not given, is bfloat16") { $0.precision = .bfloat16 }
    var texts = try TrainerTests.texts()
    texts = LabeledTexts(texts: texts.texts.map { $0 + "." }, labels: texts.labels.map { texts.labelNames[$0] })
    let other = try TrainerTests.settings.trainer(model: model, data: .labeledTexts(texts))
    let error = await #expect(throws: FineTuningError.self) { try await other.run(output: path, resumes: true) }
    #expect(error.map { "\($0)" }?.contains("training data was") == true)
  }

  /// A user's loss with stored properties that its name does not show.
  private struct WeightedLoss: Loss {
    var margin: Float = 0.3
    var weights: [String: Float] = ["a": 1, "b": 2, "c": 3]
    var offsets = Tensor([1, 2], shape: [2])

    func callAsFunction(_ batch: LabeledBatch) -> LossValue {
      BatchHardTripletLoss(distance: .euclidean, margin: margin)(batch)
    }
  }

  @Test func resumeWithAnotherLossOfTheSameNameIsRefused() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    func trainer(_ loss: WeightedLoss = WeightedLoss()) throws -> Trainer {
      try Trainer(
        model: model, data: .labeled(TrainerTests.texts(), labelsPerBatch: 3, samplesPerLabel: 3), loss: loss,
        settings: TrainerTests.settings.settings)
    }
    try await runCancelled(trainer(), output: path)
    for loss in [
      WeightedLoss(margin: 0.2), WeightedLoss(weights: ["a": 1, "b": 2, "c": 4]),
      WeightedLoss(offsets: Tensor([1, 3], shape: [2])),
    ] {
      let error = await #expect(throws: FineTuningError.self) {
        try await trainer(loss).run(output: path, resumes: true)
      }
      let message = error.map { "\($0)" } ?? ""
      #expect(message.contains("loss was WeightedLoss(margin: 0.3, "), "\(message)")
    }
    try await trainer().run(output: path, resumes: true)
  }

  @Test func theIdentityOfALossIsAllThatItStores() {
    enum Choice { case first, second(Int) }
    struct Parts {
      var choice = Choice.second(3), none: Int?, some: Int? = 2
      var pair = (1, "a"), names: Set = ["x", "y", "z"]
      var nested = BatchHardTripletLoss(distance: .cosine, margin: 0.5)
    }
    #expect(
      identity(of: Parts())
        == "Parts(choice: second(3), none: nil, some: 2, pair: (1, a), "
        + "names: [x, y, z], nested: BatchHardTripletLoss(distance: cosine, margin: 0.5))")
    #expect(identity(of: Parts(choice: .first)) == identity(of: Parts(choice: .first)))
    #expect(identity(of: Parts(choice: .first)).hasPrefix("Parts(choice: first, "))
  }

  /// Settings that are left to the folder are part of the run, too.
  @Test func resumeFromAFolderThatChangedNamesWhatDiffers() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run"), model = folder.path("model")
    try FileManager.default.copyItem(atPath: self.model, toPath: model)
    func trainer() throws -> Trainer {
      try TrainerTests.settings.trainer(model: model, data: .labeledTexts(TrainerTests.texts()))
    }
    try await runCancelled(trainer(), output: path)
    let configuration = #"{"model_max_length": 5, "do_lower_case": true, "tokenizer_class": "BertTokenizer"}"#
    try folder.write(configuration, to: "model/tokenizer_config.json")
    let error = await #expect(throws: FineTuningError.self) { try await trainer().run(output: path, resumes: true) }
    #expect(error.map { "\($0)" }?.contains("maximum length was ") == true, "\(error.map { "\($0)" } ?? "")")
  }

  /// For example, the disk is full after the last update.
  @Test func runWhoseModelCouldNotBeWrittenIsResumedAtItsEnd() async throws {
    struct Failure: Error {}
    let folder = try TemporaryFolder(), path = folder.path("run")
    try await trainer().run(output: folder.path("whole"))
    await #expect(throws: Failure.self) {
      try await trainer().run(output: path) { event in
        if case .completing = event { throw Failure() }
      }
    }
    let result = try await trainer().run(output: path, resumes: true) { event in
      if case .stepped(let report) = event { Issue.record("step \(report.step) is done again") }
    }
    #expect(result.end == .completed && result.stepCount == 8)
    #expect(try contents("\(path)/model.safetensors") == contents(folder.path("whole/model.safetensors")))
  }

  @Test func constantRateMayGoOnForLonger() async throws {
    let folder = try TemporaryFolder()
    var settings = TrainerTests.settings
    settings.schedule = .constant
    settings.warmupRatio = 0.5
    let path = folder.path("run")
    try await runCancelled(trainer(settings), output: path, afterStep: 5)
    settings.length = .steps(12)
    var rates: [Double] = []
    try await trainer(settings).run(output: path, resumes: true) { event in
      if case .stepped(let report) = event { rates.append(report.learningRate) }
    }
    // The warm-up of the first run, 4 updates, is over.
    #expect(rates == Array(repeating: 1e-3, count: 7))
  }
}
