// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletEncoders
import SwiftletTensors
import TestSupport
import Testing

@testable import SwiftletTraining

/// Runs that several processes share; here they are threads.
extension TrainerTests {
  /// Batches of 150 texts, three blocks, two of them an update.
  private static var groupSettings: RunSettings {
    var settings = TrainerTests.settings
    settings.labelsPerBatch = 3
    settings.samplesPerLabel = 50
    settings.accumulation = 2
    settings.length = .steps(3)
    settings.threadCount = 1
    settings.checkpointInterval = 1
    return settings
  }

  private static func manyTexts() throws -> LabeledTexts {
    let few = try texts()
    let all = (0..<8).flatMap { copy in zip(few.texts, few.labels).map { ("\($0) \(copy)", $1) } }
    return LabeledTexts(texts: all.map(\.0), labels: all.map { few.labelNames[$0.1] })
  }

  private func trainers(
    _ count: Int, _ settings: RunSettings = TrainerTests.groupSettings, evaluation: Dataset? = nil
  ) throws -> [Trainer] {
    let texts = try TrainerTests.manyTexts()
    return try (0..<count).map { rank in
      var settings = settings
      // Pieces, threads and paths are each process's own business.
      settings.pieceSize = [64, 23, 150, 8][rank % 4]
      return try settings.trainer(
        model: model, data: .labeledTexts(texts), evaluation: evaluation,
        kernels: Kernels.available[rank % Kernels.available.count])
    }
  }

  /// Runs all trainers together and returns the error of each.
  @discardableResult
  private func run(
    _ trainers: [Trainer], output: String? = nil, resumes: Bool = false,
    _ report: @Sendable @escaping (_ rank: Int, TrainingEvent) throws -> Void = { _, _ in }
  ) async -> [(any Error)?] {
    let members = ThreadGroup(count: trainers.count).members
    return await withTaskGroup(of: (Int, (any Error)?).self) { tasks in
      for (trainer, member) in zip(trainers, members) {
        tasks.addTask {
          do {
            try await trainer.run(output: output, resumes: resumes, group: member) { try report(member.rank, $0) }
            return (member.rank, nil)
          } catch {
            return (member.rank, error)
          }
        }
      }
      var errors = [(any Error)?](repeating: nil, count: trainers.count)
      for await (rank, error) in tasks { errors[rank] = error }
      return errors
    }
  }

  @Test(arguments: [BatchHardTripletLoss.self, SoftmaxCrossEntropyLoss.self, TripletLoss.self] as [any NamedLoss.Type])
  func theNumberOfProcessesChangesNoBit(loss: any NamedLoss.Type) async throws {
    var settings = TrainerTests.groupSettings
    settings.loss = loss
    settings.margin = nil
    if loss == TripletLoss.self { settings.mining = .offline(Mining.OfflineSettings(interval: 2)) }
    settings.evaluationInterval = 2
    let evaluation = Dataset.labeledTexts(try TrainerTests.manyTexts())
    let alone = try trainers(1, settings, evaluation: evaluation)[0]
    try await alone.run()
    let expected = try bits(alone)
    // With more processes than blocks, some have nothing to do.
    for count in [1, 2, 3, 7] {
      let trainers = try trainers(count, settings, evaluation: evaluation)
      #expect(await run(trainers).allSatisfy { $0 == nil })
      for trainer in trainers { #expect(try bits(trainer) == expected, "\(count) processes") }
    }
  }

  /// Batches of one block, two of them an update: most processes have no text of a batch, whatever their pieces.
  @Test func batchesOfOneBlockHaveTheBitsOfOneProcess() async throws {
    var settings = TrainerTests.groupSettings
    settings.samplesPerLabel = 16
    let alone = try trainers(1, settings)[0]
    try await alone.run()
    for count in [2, 3] {
      let together = try trainers(count, settings)
      #expect(await run(together).allSatisfy { $0 == nil })
      for trainer in together { #expect(try bits(trainer) == bits(alone), "\(count) processes") }
    }
  }

  /// An update of one block is computed by all: its gradient is not rounded.
  @Test func updatesOfOneBlockHaveTheBitsOfOneProcess() async throws {
    let alone = try trainer(), together = try (0..<3).map { _ in try trainer() }
    try await alone.run()
    #expect(await run(together).allSatisfy { $0 == nil })
    for trainer in together { #expect(try bits(trainer) == bits(alone)) }
  }

  @Test func onlyTheFirstWritesAndAnyNumberResumes() async throws {
    let folder = try TemporaryFolder()
    try await trainers(1)[0].run(output: folder.path("alone"))
    let path = folder.path("run")
    // A failure of the caller after step 2, as after a crash.
    let failed = await run(try trainers(3), output: path) { _, event in
      if case .stepped(let report) = event, report.step == 2 { throw CocoaError(.userCancelled) }
    }
    #expect(failed.allSatisfy { $0 is CocoaError })
    #expect(try folder.names(in: "run/checkpoints").contains("step-000002"))
    #expect(await run(try trainers(2), output: path, resumes: true).allSatisfy { $0 == nil })
    #expect(try contents("\(path)/model.safetensors") == contents(folder.path("alone/model.safetensors")))
    #expect(!FileManager.default.fileExists(atPath: "\(path)/checkpoints"))
    // A complete run is left alone by all.
    #expect(await run(try trainers(2), output: path, resumes: true).allSatisfy { $0 == nil })
    let again = await run(try trainers(2), output: path)
    #expect(again[0] is FineTuningError)
    #expect("\(try #require(again[1]))".contains("rank 0 ended with an error: \(path): not empty"))
  }

  @Test func aStopInOneStopsAll() async throws {
    let folder = try TemporaryFolder(), path = folder.path("run")
    let errors = await run(try trainers(3), output: path) { rank, event in
      if rank == 2, case .stepped(let report) = event, report.step == 1 { withUnsafeCurrentTask { $0?.cancel() } }
    }
    #expect(errors.allSatisfy { $0 is CancellationError })
    #expect(try folder.names(in: "run/checkpoints").contains("step-000001"))
  }

  @Test func otherDataOrSettingsAreNamed() async throws {
    var settings = TrainerTests.groupSettings
    var trainers = try trainers(2)
    settings.optimizer.learningRate = 0.5
    trainers += try self.trainers(1, settings)
    for error in await run(trainers) {
      #expect(
        "\(try #require(error))".hasPrefix(
          "rank 2 on thread 2 differs from rank 0 on thread 0: learning rate was 0.001, is 0.5"))
    }
  }

  @Test func blocksAreSharedByTheirTokens() {
    #expect(BlockShares(tokenCounts: [5, 1, 9, 3, 3], processes: 2).blocks == [[1, 2], [0, 3, 4]])
    #expect(BlockShares(tokenCounts: [5, 1], processes: 3).blocks == [[0], [1], []])
    #expect(BlockShares(tokenCounts: [5, 1, 9], processes: 1).blocks == [[0, 1, 2]])
  }
}
