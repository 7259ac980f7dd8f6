// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

struct InputFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func readsAtAnyOffset() throws {
    let file = try InputFile(path: folder.write("0123456789", to: "digits"))
    #expect(file.size == 10)
    #expect(try file.read(at: 3, count: 4) == ContiguousArray("3456".utf8))
    #expect(try file.readAll(limit: 10) == ContiguousArray("0123456789".utf8))
    #expect(try file.read(at: 10, count: 0) == [])
  }

  @Test func aFileAboveTheLimitIsRefused() throws {
    let file = try InputFile(path: folder.write("0123456789", to: "digits"))
    let error = try #require(throws: FileError.self) { try file.readAll(limit: 9) }
    #expect(error.problem == .tooLarge(size: 10, limit: 9))
  }

  @Test func symbolicLinksLeadToRegularFilesOnly() throws {
    try folder.write("text", to: "file")
    symlink("file", folder.path("link"))
    symlink("absent", folder.path("dangling"))
    symlink("loop", folder.path("loop"))
    #expect(try InputFile(path: folder.path("link")).size == 4)
    #expect(reason("dangling") == .system(operation: "open", errno: ENOENT))
    #expect(reason("loop") == .system(operation: "open", errno: ELOOP))
  }

  @Test(.timeLimit(.minutes(1)))
  func directoriesPipesAndDevicesAreRefusedWithoutWaiting() throws {
    mkfifo(folder.path("pipe"), 0o600)
    #expect(reason("") == .notRegularFile(kind: "directory"))
    #expect(reason("pipe") == .notRegularFile(kind: "pipe"))
    symlink("/dev/null", folder.path("device"))
    #expect(reason("device") == .notRegularFile(kind: "device"))
    #expect(reason("pi\0pe") == .invalidPath)
  }

  @Test func aFileCutWhileItIsReadIsAnError() throws {
    let path = try folder.write("0123456789", to: "digits")
    let file = try InputFile(path: path)
    #expect(throws: Never.self) { try file.checkUnchanged() }
    truncate(path, 5)
    #expect(throws: FileError.self) { try file.read(at: 0, count: 10) }
    let error = try #require(throws: FileError.self) { try file.checkUnchanged() }
    #expect(error.problem == .changedWhileReading)
  }

  @Test func messagesAreOneLine() throws {
    let error = try #require(throws: FileError.self) { try InputFile(path: "/absent\n\u{1B}[31m/x\u{202E}") }
    #expect(
      error.description
        == "/absent\\u{A}\\u{1B}[31m/x\\u{202E}: cannot open: No such file or directory; check the path")
    #expect(quoted(String(repeating: "a", count: 1_000_000)).count == 83)
  }

  private func reason(_ name: String) -> FileError.Problem? {
    do {
      _ = try InputFile(path: folder.path(name))
      return nil
    } catch {
      return error.problem
    }
  }

  #if os(Linux)
    /// A file of the system that has fewer bytes than its size says. Freeing its memory twice would end the process.
    @Test func aFileThatEndsEarlyIsNotHeldInMemory() {
      #expect(throws: FileError.self) {
        _ = try FileContents(path: "/sys/devices/system/cpu/online", .inMemory)
      }
    }
  #endif
}
