// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

struct AtomicFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func appearsOnlyWhenItIsComplete() throws {
    let path = try folder.write("old", to: "file")
    let reader = try InputFile(path: path)
    var file = try AtomicFile(path: path)
    try file.write(Array("new text".utf8))
    try file.overwrite(Array("NEW".utf8), at: 0)
    try file.write(Array("!".utf8))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    try file.commit()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "NEW text!")
    #expect(try reader.readAll(limit: 3) == ContiguousArray("old".utf8))
    #expect(try folder.names() == ["file"])
  }

  @Test func withoutCommitNothingIsLeft() throws {
    let path = try folder.write("old", to: "file")
    do {
      let file = try AtomicFile(path: path)
      try file.write([1, 2, 3])
      #expect(try folder.names().count == 2)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    #expect(try folder.names() == ["file"])
  }

  @Test func refusesWhatARenameWouldDestroy() throws {
    mkfifo(folder.path("pipe"), 0o600)
    symlink("/dev/null", folder.path("device"))
    for (name, kind) in [("", "directory"), ("pipe", "pipe"), ("device", "device")] {
      let error = try #require(throws: FileError.self) { _ = try AtomicFile(path: folder.path(name)) }
      #expect(error.problem == .notRegularFile(kind: kind))
    }
    let error = try #require(throws: FileError.self) { _ = try AtomicFile(path: folder.path("absent/file")) }
    #expect(error.problem == .system(operation: "write", errno: ENOENT))
    #expect(try folder.names() == ["device", "pipe"])
  }
}
