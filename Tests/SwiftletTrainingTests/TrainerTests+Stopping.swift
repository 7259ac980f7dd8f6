// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletEncoders
import SwiftletTensors
import TestSupport
import Testing

@testable import SwiftletTraining

/// Runs that end early, by request or by a failure.
extension TrainerTests {
  /// The events of a run, without their numbers.
  private struct Events {
    init(_ events: [TrainingEvent] = []) { for event in events { add(event) } }

    var evaluated: [Int] = []
    var saved: [Int] = []
    var stepped: [Int] = []

    mutating func add(_ event: TrainingEvent) {
      switch event {
      case .evaluated(let step, _): evaluated.append(step)
      case .savedCheckpoint(let step): saved.append(step)
      case .stepped(let report): stepped.append(report.step)
      default: break
      }
    }
  }

  private func weights(_ folder: String) throws -> Data { try contents("\(folder)/model.safetensors") }

  /// The run stops before the first evaluation, before a later one, and before the last, after all updates.
  @Test(arguments: [0, 4, 8]) func anEvaluationThatAStopCutsShortIsDoneLater(stopAfter: Int) async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    let data = Dataset.labeledTexts(try TrainerTests.texts())
    var settings = TrainerTests.settings
    settings.evaluationInterval = 2
    try await trainer(settings, evaluation: data).run(output: folder.path("whole"))

    var events = Events(
      try await runCancelled(trainer(settings, evaluation: data), output: path, afterStep: stopAfter))
    #expect(events.stepped == Array(1..<stopAfter + 1) && events.saved == [stopAfter])
    #expect(events.evaluated == Array(stride(from: 0, to: stopAfter, by: 2)))

    events = Events()
    let resumed = try await trainer(settings, evaluation: data).run(output: path, resumes: true) { events.add($0) }
    #expect(resumed.end == .completed && events.evaluated == Array(stride(from: stopAfter, through: 8, by: 2)))
    #expect(events.stepped == Array(1...8).filter { $0 > stopAfter })
    #expect(try weights(path) == weights(folder.path("whole")))
  }

  @Test func miningThatAStopCutsShortIsDoneLater() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    var settings = TrainerTests.settings
    settings.loss = TripletLoss.self
    settings.mining = .offline(Mining.OfflineSettings(interval: 2))
    try await trainer(settings).run(output: folder.path("whole"))
    let events = try await Events(runCancelled(trainer(settings), output: path, afterStep: 4))
    #expect(events.stepped == [1, 2, 3, 4] && events.saved == [4])
    #expect(try await trainer(settings).run(output: path, resumes: true).end == .completed)
    #expect(try weights(path) == weights(folder.path("whole")))
  }

  /// Takes more texts than are embedded at a time.
  @Test func manyTextsHaveTheirVectorsUnlessStopped() throws {
    let trainer = try trainer(), texts = (0..<300).map { "\($0) cats" }, stop = StopFlag()
    let state = trainer.state.withLock { $0 }, inputs = texts.map { EncoderInput($0) }
    let vectors = try state.vectors(of: inputs, stop)
    let expected = try trainer.tunedEncoder().encode(texts).tensor
    #expect(vectors.shape == expected.shape && vectors.values == expected.values)
    stop.request()
    #expect(throws: CancellationError.self) { try state.vectors(of: inputs, stop) }
  }

  @Test func aCheckpointIsSavedOnce() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    var settings = TrainerTests.settings
    settings.checkpointInterval = 3
    let first = try await runCancelled(trainer(settings), output: path) { event in
      if case .savedCheckpoint = event { true } else { false }
    }
    #expect(Events(first).saved == [3] && Events(first).stepped == [1, 2, 3])
    // Resumed and stopped at once, it has nothing to save.
    let again = try await Events(runCancelled(trainer(settings), output: path, resumes: true))
    #expect(again.stepped == [] && again.saved == [])
    var events = Events()
    let end = try await trainer(settings).run(output: path, resumes: true) { events.add($0) }
    #expect(end.end == .completed && events.saved == [6])
  }

  // MARK: Structured concurrency

  /// Each event comes once and in order, both as an element and to the closure; the last has the result.
  @Test func eventsAreASequenceToo() async throws {
    let folder = try TemporaryFolder(), data = Dataset.labeledTexts(try TrainerTests.texts())
    var settings = TrainerTests.settings, heard: [String] = [], iterated: [String] = []
    settings.checkpointInterval = 3
    settings.evaluationInterval = 4
    func name(_ event: TrainingEvent) -> String {
      switch event {
      case .started(let step, let count): "started \(step) of \(count)"
      case .stepped(let report): "stepped \(report.step) \(report.loss.bitPattern)"
      case .evaluated(let step, let evaluation): "evaluated \(step) \(evaluation.main.value)"
      case .savedCheckpoint(let step): "saved \(step)"
      case .warned(let message): message
      case .completing(let result): "completing \(result.stepCount)"
      case .ended(let result): "ended \(result.end)"
      }
    }
    try await trainer(settings, evaluation: data).run(output: folder.path("heard")) { heard.append(name($0)) }
    for try await event in try trainer(settings, evaluation: data).events(output: folder.path("iterated")) {
      iterated.append(name(event))
      // The run waits: the model is complete only after this.
      if case .completing = event {
        #expect(!FileManager.default.fileExists(atPath: folder.path("iterated/model.safetensors")))
      }
    }
    #expect(iterated == heard && heard.last == "ended completed" && heard.count { $0.hasPrefix("stepped") } == 8)
    #expect(try weights(folder.path("iterated")) == weights(folder.path("heard")))
  }

  /// After a loop is left early, the folder is free and the trainer can continue.
  @Test func aLoopThatIsLeftEarlyLetsGo() async throws {
    let folder = try TemporaryFolder(), trainer = try trainer(), whole = try self.trainer()
    for try await event in trainer.events(output: folder.path("run")) {
      if case .stepped(let report) = event, report.step == 3 { break }
    }
    var events = Events()
    try await trainer.run(output: folder.path("other")) { events.add($0) }
    try await whole.run()
    #expect(events.stepped == Array(4...8))
    #expect(try bits(trainer) == bits(whole))
    try await self.trainer().run(output: folder.path("run"), resumes: true)
  }

  @Test func cancelledWithoutAFolderItGoesOnWhereItWas() async throws {
    let trainer = try trainer(), whole = try self.trainer()
    await runCancelled(trainer, output: nil, afterStep: 3)
    var events = Events()
    #expect(try await trainer.run { events.add($0) }.end == .completed)
    try await whole.run()
    #expect(events.stepped == Array(4...8))
    #expect(try bits(trainer) == bits(whole))
  }

  /// The encoder can be taken from any thread while the run goes on.
  @Test func theEncoderCanBeTakenMeanwhile() async throws {
    let trainer = try trainer()
    try await withThrowingTaskGroup { group in
      group.addTask { _ = try await trainer.run() }
      for _ in 0..<4 {
        group.addTask { _ = try await trainer.tunedEncoder().encode(["the cat sat"]) }
      }
      try await group.waitForAll()
    }
    let whole = try self.trainer()
    try await whole.run()
    #expect(try bits(trainer) == bits(whole))
  }

  /// The caller's actor hears the events.
  @MainActor @Test func eventsComeOnTheCallersActor() async throws {
    var steps = 0
    try await trainer().run { event in
      MainActor.assertIsolated()
      if case .stepped = event { steps += 1 }
    }
    #expect(steps == 8)
  }

  @Test func aSecondRunAtATimeTraps() async {
    await #expect(processExitsWith: .failure) {
      let trainer = try TrainerTests().trainer()
      for try await _ in trainer.events() { try await trainer.run() }
    }
  }

  /// A user's loss that calls an encoder.
  private struct EncodingLoss: Loss {
    let encoder: Monitor<SentenceEncoder?>

    func callAsFunction(_ batch: LabeledBatch) -> LossValue {
      #expect(throws: Never.self) { try encoder.withLock { $0 }?.encode(["a cat", "a dog"]) }
      return BatchHardTripletLoss(distance: .euclidean, margin: 0.3)(batch)
    }
  }

  /// The encoder shares the trainer's threads.
  @Test(.timeLimit(.minutes(1)), arguments: [1, 2]) func aLossMayCallAnEncoder(threads: Int) async throws {
    var settings = TrainerTests.settings
    settings.threadCount = threads
    let encoder = Monitor<SentenceEncoder?>(nil)
    let trainer = try Trainer(
      model: model, data: .labeled(TrainerTests.texts(), labelsPerBatch: 3, samplesPerLabel: 3),
      loss: EncodingLoss(encoder: encoder), settings: settings.settings)
    let original = trainer.tunedEncoder()
    encoder.withLock { $0 = original }
    #expect(try await trainer.run().end == .completed)
  }

  // MARK: Failures

  private struct Failure: Error {}

  @Test func updatesBeforeAFailureOfTheReportAreKept() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    try await trainer().run(output: folder.path("whole"))
    await #expect(throws: Failure.self) {
      try await trainer().run(output: path) { event in
        if case .stepped(let report) = event, report.step == 5 { throw Failure() }
      }
    }
    var events = Events()
    try await trainer().run(output: path, resumes: true) { events.add($0) }
    #expect(events.stepped == [6, 7, 8])
    #expect(try weights(path) == weights(folder.path("whole")))
  }

  @Test func aRunThatFailsBeforeItsFirstUpdateSavesNothing() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    await #expect(throws: Failure.self) {
      try await trainer().run(output: path) { event in
        if case .started = event { throw Failure() }
      }
    }
    await #expect(throws: Failure.self) {
      try await trainer(evaluation: .labeledTexts(TrainerTests.texts())).run(output: path, resumes: true) { event in
        if case .evaluated = event { throw Failure() }
      }
    }
    var warnings: [String] = []
    try await trainer().run(output: path, resumes: true) { event in
      if case .warned(let warning) = event { warnings.append(warning) }
    }
    #expect(warnings.contains { $0.contains("no checkpoint to resume") })
  }
}
