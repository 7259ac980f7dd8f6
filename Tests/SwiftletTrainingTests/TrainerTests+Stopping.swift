// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletTensors
import TestSupport
import Testing

@testable import SwiftletTraining

/// Runs that end before their time, when someone asks or something fails.
extension TrainerTests {
  /// What a run told, but for what it computed.
  private struct Events {
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

  /// Stopped before the first evaluation, before one on the way, and before the last, when all updates are done.
  @Test(arguments: [0, 4, 8]) func anEvaluationThatAStopCutsShortIsDoneLater(stopAfter: Int) throws {
    let folder = try TemporaryFolder(), path = folder.path("run"), stop = StopFlag()
    let data = Dataset.labeledTexts(try TrainerTests.texts())
    var settings = TrainerTests.settings, events = Events()
    settings.evaluationInterval = 2
    try trainer(settings, evaluation: data).run(output: folder.path("whole"))

    if stopAfter == 0 { stop.request() }
    let stopped = try trainer(settings, evaluation: data).run(output: path, stop: stop) { event in
      events.add(event)
      if events.stepped.last == stopAfter { stop.request() }
    }
    #expect(stopped.end == .stopped && stopped.stepCount == stopAfter && events.saved == [stopAfter])
    #expect(events.evaluated == Array(stride(from: 0, to: stopAfter, by: 2)))

    events = Events()
    let resumed = try trainer(settings, evaluation: data).run(output: path, resumes: true) { events.add($0) }
    #expect(resumed.end == .completed && events.evaluated == Array(stride(from: stopAfter, through: 8, by: 2)))
    #expect(events.stepped == Array(1...8).filter { $0 > stopAfter })
    #expect(try weights(path) == weights(folder.path("whole")))
  }

  @Test func miningThatAStopCutsShortIsDoneLater() throws {
    let folder = try TemporaryFolder(), path = folder.path("run"), stop = StopFlag()
    var settings = TrainerTests.settings
    settings.loss = TripletLoss.self
    settings.mining = .offline(Mining.OfflineSettings(interval: 2))
    try trainer(settings).run(output: folder.path("whole"))
    let stopped = try trainer(settings).run(output: path, stop: stop) { event in
      if case .stepped(let report) = event, report.step == 4 { stop.request() }
    }
    #expect(stopped.end == .stopped && stopped.stepCount == 4)
    #expect(try trainer(settings).run(output: path, resumes: true).end == .completed)
    #expect(try weights(path) == weights(folder.path("whole")))
  }

  /// More than are embedded at a time.
  @Test func manyTextsHaveTheirVectorsUnlessStopped() throws {
    let trainer = try trainer(), texts = (0..<300).map { "\($0) cats" }, stop = StopFlag()
    let vectors = try trainer.vectors(of: texts, stop)
    let expected = try trainer.tunedEncoder().encode(texts).tensor
    #expect(vectors?.shape == expected.shape && vectors?.values == expected.values)
    stop.request()
    #expect(try trainer.vectors(of: texts, stop) == nil)
  }

  @Test func aCheckpointIsSavedOnce() throws {
    let folder = try TemporaryFolder(), path = folder.path("run"), stop = StopFlag()
    var settings = TrainerTests.settings, events = Events()
    settings.checkpointInterval = 3
    try trainer(settings).run(output: path, stop: stop) { event in
      events.add(event)
      if events.saved == [3] { stop.request() }
    }
    #expect(events.saved == [3] && events.stepped == [1, 2, 3])
    // Resumed and stopped at once, it has nothing to save.
    let again = try trainer(settings).run(output: path, resumes: true, stop: stop) { events.add($0) }
    #expect(again.end == .stopped && again.stepCount == 3 && events.saved == [3])
    let end = try trainer(settings).run(output: path, resumes: true) { events.add($0) }
    #expect(end.end == .completed && events.saved == [3, 6])
  }

  private struct Failure: Error {}

  @Test func updatesBeforeAFailureOfTheReportAreKept() throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    try trainer().run(output: folder.path("whole"))
    #expect(throws: Failure.self) {
      try trainer().run(output: path) { event in
        if case .stepped(let report) = event, report.step == 5 { throw Failure() }
      }
    }
    var events = Events()
    try trainer().run(output: path, resumes: true) { events.add($0) }
    #expect(events.stepped == [6, 7, 8])
    #expect(try weights(path) == weights(folder.path("whole")))
  }

  @Test func aRunThatFailsBeforeItsFirstUpdateSavesNothing() throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    #expect(throws: Failure.self) {
      try trainer().run(output: path) { event in
        if case .started = event { throw Failure() }
      }
    }
    #expect(throws: Failure.self) {
      try trainer(evaluation: .labeledTexts(TrainerTests.texts())).run(output: path, resumes: true) { event in
        if case .evaluated = event { throw Failure() }
      }
    }
    var warnings: [String] = []
    try trainer().run(output: path, resumes: true) { event in
      if case .warned(let warning) = event { warnings.append(warning) }
    }
    #expect(warnings.contains { $0.contains("no checkpoint to resume") })
  }
}
