// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

@testable import SwiftletTraining

struct CheckpointStoreTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Saves a small checkpoint.
  private func save(_ step: Int, to store: CheckpointStore) throws {
    try store.save(step: step, byteCount: 1000, state: ["step": .number(JSONNumber(step))]) { folder in
      var file = try AtomicFile(path: joinPath(folder, "weights"))
      try file.write(Array("the weights after \(step) steps".utf8))
      try file.commit()
    }
  }

  /// The step of the newest whole checkpoint, checked against its state, and the damage of others.
  private func newest() throws -> (step: Int?, damage: [CheckpointDamage]) {
    let (checkpoint, damage) = try CheckpointStore(folder: folder.path).newest()
    #expect(checkpoint?.state["step"]?.int == checkpoint?.step)
    return (checkpoint?.step, damage)
  }

  @Test func keepsTheTwoNewest() throws {
    let store = try CheckpointStore(folder: folder.path("a/b"))
    #expect(try store.newest().checkpoint == nil)
    for step in [0, 7, 500, 1_234_567] {
      try save(step, to: store)
      let checkpoint = try #require(try store.newest().checkpoint)
      #expect(checkpoint.step == step)
      #expect(checkpoint.state == ["step": .number(JSONNumber(step))])
      let weights = try String(contentsOfFile: checkpoint.folder + "/weights", encoding: .utf8)
      #expect(weights == "the weights after \(step) steps")
    }
    #expect(try Folder(store.folder).names() == ["step-000500", "step-1234567"])
  }

  @Test func whatIsSavedIsNotSavedAgain() throws {
    let store = try CheckpointStore(folder: folder.path)
    try save(5, to: store)
    try store.save(step: 5, byteCount: 0, state: [:]) { _ in Issue.record("saved again") }
    #expect(try store.newest().checkpoint?.step == 5)
  }

  /// Each byte of each file changed, and each file cut at each length.
  @Test func noDamageIsTakenForACheckpoint() throws {
    try {
      let store = try CheckpointStore(folder: folder.path)
      for step in [1, 2] { try save(step, to: store) }
    }()
    for name in ["manifest.json", "state.json", "weights"] {
      let path = folder.path("step-000002/\(name)")
      let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
      // The manifest's last byte ends its last line and may go.
      for place in bytes.indices.dropLast() {
        var changed = bytes
        changed[place] ^= 1
        for damaged in [changed[...], bytes[..<place]] {
          try folder.write(damaged, to: "step-000002/\(name)")
          let (step, damage) = try newest()
          #expect(step == 1 && damage.count == 1, "byte \(place) of \(name)")
        }
      }
      try folder.write(bytes, to: "step-000002/\(name)")
      #expect(try newest().step == 2)
    }
  }

  @Test func namesWhatIsWrong() throws {
    try {
      let store = try CheckpointStore(folder: folder.path)
      for step in [1, 2] { try save(step, to: store) }
    }()
    let weights = folder.path("step-000002/weights")
    func damage() throws -> String { try #require(try newest().damage.first).description }
    try folder.write("the weights after 3 steps", to: "step-000002/weights")
    #expect(try damage() == "\(weights): other bytes than were written (SHA-256); this checkpoint is left out")
    try folder.write("the", to: "step-000002/weights")
    #expect(try damage() == "\(weights): has 3 bytes, but 25 were written; this checkpoint is left out")
    unlink(weights)
    #expect(try damage().hasPrefix("\(weights): cannot open: No such file"))
    #expect(try newest().damage.first?.path == weights)
    mkfifo(weights, 0o600)
    #expect(try damage().hasPrefix("\(weights): is a pipe"))
    try folder.write("{}", to: "step-000002/manifest.json")
    #expect(try damage().hasSuffix("manifest.json: has no format that is known here; this checkpoint is left out"))
    try folder.write("{", to: "step-000001/manifest.json")
    let (step, all) = try newest()
    #expect(step == nil && all.count == 2)
  }

  @Test func aDamagedOneGoesWithTheNextThatIsSaved() throws {
    try {
      let store = try CheckpointStore(folder: folder.path)
      for step in [10, 20] { try save(step, to: store) }
    }()
    try folder.write("", to: "step-000020/weights")
    let store = try CheckpointStore(folder: folder.path)
    #expect(try store.newest().checkpoint?.step == 10)
    try save(15, to: store)
    #expect(try folder.names() == ["step-000010", "step-000015"])
    try folder.write("", to: "step-000015/weights")
    #expect(try store.newest().checkpoint?.step == 10)
    try save(15, to: store)
    #expect(try folder.names() == ["step-000010", "step-000015"])
    #expect(try store.newest().checkpoint?.step == 15)
    try save(25, to: store)
    #expect(try folder.names() == ["step-000015", "step-000025"])
  }

  @Test func namesThatAreNoCheckpointsAreLeftAlone() throws {
    let names = ["step--00005", "step-", "step-+00007", "step-7", "step-9999999999999999999", "step-000007.bak"]
    for name in names { try folder.write("", to: "\(name)/file") }
    let store = try CheckpointStore(folder: folder.path)
    for step in [1, 2, 3] { try save(step, to: store) }
    #expect(try store.newest().damage.isEmpty)
    #expect(try Set(folder.names()) == Set(names + ["step-000002", "step-000003"]))
  }

  @Test func aSaveThatFailsLeavesNothing() throws {
    let store = try CheckpointStore(folder: folder.path)
    try save(1, to: store)
    let full = FileError(path: "somewhere", problem: .system(operation: "write", errno: ENOSPC))
    let error = #expect(throws: CheckpointStoreError.self) {
      try store.save(step: 2, byteCount: 12345, state: [:]) { folder in
        try Data([1]).write(to: URL(fileURLWithPath: folder + "/weights"))
        throw full
      }
    }
    #expect(
      error?.description == "\(folder.path("step-000002")): cannot write: No space left on device; free space on the "
        + "disk, 12345 bytes; the checkpoint of step 2 was not saved, earlier ones are kept")
    #expect(error?.path == folder.path("step-000002") && error?.reason == "cannot write: No space left on device")
    #expect(throws: CancellationError.self) {
      try store.save(step: 2, byteCount: 0, state: [:]) { _ in throw CancellationError() }
    }
    #expect(try folder.names() == ["step-000001"])
    #expect(try store.newest().checkpoint?.step == 1)
  }

  @Test func removesWhatAKilledProcessLeft() throws {
    try folder.write("half", to: ".swiftlet-1.tmp/weights")
    try folder.write("half", to: ".swiftlet-2.tmp")
    try folder.write("a user's", to: "notes.txt")
    try save(1, to: CheckpointStore(folder: folder.path))
    #expect(try folder.names() == ["notes.txt", "step-000001"])
  }

  @Test func oneRunAtATime() throws {
    var first: CheckpointStore? = try CheckpointStore(folder: folder.path)
    #expect(throws: CheckpointStoreError.inUse(folder: folder.path)) { try CheckpointStore(folder: folder.path) }
    try save(1, to: #require(first))
    first = nil
    #expect(try newest().step == 1)
  }

  @Test func aRunFolderSaysHowFarItIs() throws {
    let run = RunFolder(folder.path("output"))
    #expect(try run.status() == .empty)
    try folder.write("", to: "output/.swiftlet-1.tmp")
    #expect(try run.status() == .empty)
    _ = try CheckpointStore(folder: run.checkpoints)
    #expect(try run.status() == .unfinished)
    try folder.write("{}", to: "output/config.json")
    #expect(try run.status() == .unfinished)
    try folder.write("", to: "output/model.safetensors")
    #expect(try run.status() == .finished)
    try folder.write("", to: "output/1_Pooling/.swiftlet-2.tmp")
    for _ in 0..<2 { try run.removeCheckpoints() }
    #expect(try Folder(run.path).names() == ["1_Pooling", "config.json", "model.safetensors"])
    #expect(try Folder(folder.path("output/1_Pooling")).names() == [])
    #expect(try RunFolder(folder.path).status() == .foreign("output"))
  }
}
