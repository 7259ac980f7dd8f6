// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

@testable import SwiftletSearch

/// Makes system calls of a change go wrong in turn: every second with the faults that end a process, every tenth with
/// the others and in a compaction, or each in all, which takes minutes, with SWIFTLET_ALL_FAULTS. Scripts/check_faults.sh
/// runs these tests with the library that does so.
@Suite(.enabled(if: FaultShim.isThere))
struct IndexFaultTests {
  enum Change: CaseIterable { case commit, compaction, update }

  @Test(arguments: Fault.allCases, Change.allCases)
  func anIndexIsTheOldOrTheNew(fault: Fault, kind: Change) throws {
    let shim = try FaultShim()
    let isLong = ProcessInfo.processInfo.environment["SWIFTLET_ALL_FAULTS"] != nil
    for call in stride(from: 1, to: Int.max, by: isLong ? 1 : fault.isTheEnd && kind != .compaction ? 2 : 10) {
      let folder = try TemporaryFolder(), path = folder.path("index")
      try change(path) { writer in
        for number in 0..<6 { try add(number, "old", to: writer) }
      }
      let old = try texts(path)

      shim.arm(fault, call)
      let result = Result {
        if kind == .update { return try update(path) }
        try change(path, compacts: kind == .compaction) { writer in
          for number in 3..<8 { try add(number, "new", to: writer) }
          try writer.remove(id: "1")
        }
      }
      let calls = shim.disarm()
      if fault.isHarmless { #expect(throws: Never.self) { try result.get() } }

      let index = try VectorIndex(folder: path)
      #expect(throws: Never.self, "\(fault), call \(call)") { try index.check() }
      let now = try texts(path), new = (0..<8).filter { $0 != 1 }.map { "\($0 < 3 ? "old" : "new") \($0)" }
      #expect((try? result.get()) != nil ? now == new.sorted() : now == old || now == new.sorted())

      // The next change goes through, and leaves nothing behind.
      try change(path) { writer in try add(99, "next", to: writer) }
      #expect(try texts(path) == (now + ["next 99"]).sorted(), "\(fault), call \(call)")
      let manifest = try IndexManifest.read(folder: path)
      #expect(try Set(Folder(path).names()) == manifest.names, "\(fault), call \(call)")
      if calls < call { return }
    }
  }

  private func add(_ number: Int, _ word: String, to writer: VectorIndexWriter) throws {
    try writer.add(
      IndexedDocument(id: "\(number)", text: "\(word) \(number)", metadata: ["word": .string(word)]),
      vector: [Float(number), 1])
  }

  private func change(_ path: String, compacts: Bool = false, _ body: (VectorIndexWriter) throws -> Void) throws {
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 2))
    try body(writer)
    if compacts { try writer.compact() } else { try writer.commit() }
  }

  /// The same change as an update of a corpus, which keeps each segment that it completes.
  private func update(_ path: String) throws {
    let writer = try VectorIndexWriter(folder: path, IndexDescription(dimension: 2), segmentRows: 2)
    try writer.beginUpdate()
    for number in 0..<8 where number != 1 {
      let word = number < 3 ? "old" : "new"
      let document = IndexedDocument(id: "\(number)", text: "\(word) \(number)", metadata: ["word": .string(word)])
      if try writer.keep(document, at: number) { continue }
      try writer.add(document, vector: [Float(number), 1], position: number)
    }
    #expect(try writer.endUpdate() == 1)
    try writer.commit()
  }

  private func texts(_ path: String) throws -> [String] {
    var texts: [String] = []
    try VectorIndex(folder: path).forEachDocument { document, _, _ in texts.append(document.text) }
    return texts.sorted()
  }
}
