// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights
import TestSupport
import Testing

@testable import SwiftletTraining

/// Makes each system call of a save go wrong in turn. Scripts/check_faults.sh runs these tests with the library that
/// does so.
@Suite(.enabled(if: FaultShim.isThere))
struct FaultTests {
  @Test(arguments: Fault.allCases)
  func aCheckpointIsTheOldOrTheNew(fault: Fault) throws {
    let shim = try FaultShim()
    for call in 1... {
      let folder = try TemporaryFolder()
      var store: CheckpointStore? = try CheckpointStore(folder: folder.path)
      for step in [1, 2] { try save(step, to: #require(store)) }

      shim.arm(fault, call)
      let result = Result { try save(3, to: store!) }
      let calls = shim.disarm()
      if case .failure(let error) = result {
        #expect(error is CheckpointStoreError, "\(error)")
        if !fault.isTheEnd { #expect(try Folder(folder.path).completeNames() == folder.names()) }
      }
      if fault.isHarmless { #expect(throws: Never.self) { try result.get() } }
      store = nil

      store = try CheckpointStore(folder: folder.path)
      let (newest, damage) = try #require(store).newest()
      let step = try #require(newest?.step)
      #expect(damage.isEmpty, "\(fault), call \(call): \(damage)")
      #expect((try? result.get()) != nil ? step == 3 : step == 2 || step == 3, "\(fault), call \(call)")
      let weights = try String(contentsOfFile: try #require(newest?.folder) + "/weights", encoding: .utf8)
      #expect(weights == text(step))

      try save(4, to: #require(store))
      #expect(try folder.names() == ["step-00000\(step)", "step-000004"], "\(fault), call \(call)")
      if calls < call { return }
    }
  }

  @Test(arguments: Fault.allCases)
  func aModelFileIsTheOldOrTheNew(fault: Fault) throws {
    let shim = try FaultShim()
    let folder = try TemporaryFolder()
    for call in 1... {
      let path = try folder.write("old", to: "model.safetensors")
      shim.arm(fault, call)
      let result = Result {
        try SafetensorsWriter.write([.init(name: "w", dtype: .f32, shape: [64])], to: path) { _, append in
          try [Float](repeating: 1, count: 64).withUnsafeBytes { try append($0.bytes) }
        }
      }
      let calls = shim.disarm()
      if fault.isHarmless { #expect(throws: Never.self) { try result.get() } }
      let isOld = try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8)
      if isOld {
        #expect(throws: (any Error).self) { try result.get() }
      } else {
        #expect(try SafetensorsFile(path: path).tensors.count == 1, "\(fault), call \(call)")
      }
      try Folder(folder.path).removeTemporaries()
      #expect(try folder.names() == ["model.safetensors"])
      if calls < call { return }
    }
  }

  /// A run ends at each of its system calls after the first step, and is resumed.
  @Test(arguments: [Fault.killed, .powerFailure])
  func aRunThatIsResumedEndsWithTheSameWeights(fault: Fault) throws {
    let shim = try FaultShim()
    let whole = try TemporaryFolder()
    try run(output: whole.path("output"))
    let expected = try weights(whole)
    for call in 1... {
      let folder = try TemporaryFolder()
      let result = Result {
        try run(output: folder.path("output")) { event in
          if case .stepped(let report) = event, report.step == 1 { shim.arm(fault, call) }
        }
      }
      let calls = shim.disarm()
      if calls < call { #expect(throws: Never.self) { try result.get() } }
      try run(output: folder.path("output"), resumes: true)
      #expect(try weights(folder) == expected, "\(fault), call \(call)")
      #expect(try names(folder) == names(whole), "\(fault), call \(call)")
      if calls < call { return }
    }
  }

  /// Four steps with a checkpoint after two.
  private func trainer() throws -> Trainer {
    let json = try JSONParser.parse(path: fixture("batch-hard/batch.json"), limit: 1 << 20)
    let rows = (json.array ?? []).compactMap(\.object)
    let texts = LabeledTexts(
      texts: rows.compactMap { $0["text"]?.string }, labels: rows.compactMap { $0["label"]?.string })
    var settings = RunSettings()
    settings.length = .steps(4)
    settings.labelsPerBatch = 3
    settings.samplesPerLabel = 2
    settings.checkpointInterval = 2
    settings.threadCount = 1
    return try settings.trainer(model: fixture("batch-hard/model"), data: .labeledTexts(texts))
  }

  /// A run on this thread, whose system calls the shim counts.
  private func run(output: String, resumes: Bool = false, _ report: (TrainingEvent) -> Void = { _ in }) throws {
    let state = try trainer().state.withLock { $0 }
    defer { state.leave() }
    try state.begin(RunFolder(output), resumes: resumes, SingleProcess())
    while state.stage != nil {
      state.events.forEach(report)
      state.events = []
      try state.advance(StopFlag())
    }
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
  }

  private func weights(_ folder: TemporaryFolder) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.path("output/model.safetensors")))
  }

  private func text(_ step: Int) -> String { "the weights after \(step) steps" }

  private func save(_ step: Int, to store: CheckpointStore) throws {
    try store.save(step: step, byteCount: 0, state: ["step": .number(JSONNumber(step))]) { folder in
      var file = try AtomicFile(path: joinPath(folder, "weights"))
      try file.write(Array("THE".utf8))
      try file.write(Array(text(step).utf8.dropFirst(3)))
      try file.overwrite(Array("the".utf8), at: 0)
      try file.commit()
    }
  }
}
