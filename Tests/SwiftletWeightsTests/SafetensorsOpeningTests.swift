// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletWeights
import TestSupport
import Testing

/// What may lie at the path of a safetensors file: links, folders, devices, and a file that changes while it is read.
struct SafetensorsOpeningTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func row33SymbolicLinks() throws {
    try folder.write(safetensors("{}"), to: "blob")
    symlink("blob", folder.path("link"))
    symlink("loop", folder.path("loop"))
    symlink("absent", folder.path("dangling"))
    #expect(throws: Never.self) { try SafetensorsFile(path: folder.path("link")) }
    #expect(throws: FileError.self) { try SafetensorsFile(path: folder.path("loop")) }
    #expect(throws: FileError.self) { try SafetensorsFile(path: folder.path("dangling")) }
  }

  @Test(.timeLimit(.minutes(1)))
  func row34DirectoriesPipesAndDevices() throws {
    mkfifo(folder.path("pipe"), 0o600)
    for (path, kind) in [(folder.path, "directory"), (folder.path("pipe"), "pipe"), ("/dev/zero", "device")] {
      #expect(throws: FileError(path: path, problem: .notRegularFile(kind: kind))) { try SafetensorsFile(path: path) }
    }
  }

  @Test func row35AbsentFiles() throws {
    let path = folder.path("absent")
    let error = try #require(throws: FileError.self) { try SafetensorsFile(path: path) }
    #expect(error.problem == .system(operation: "open", errno: ENOENT))
    #expect(error.description.hasPrefix(path) && error.description.contains("check the path"))
  }

  /// Runs in a process of its own that gives up root's rights.
  @Test func row35WithoutPermission() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      chmod(try folder.write(safetensors("{}"), to: "file"), 0)
      try folder.write(safetensors("{}"), to: "closed/model.safetensors")
      chmod(folder.path, 0o755)
      chmod(folder.path("closed"), 0)
      let user = geteuid()
      if user == 0 { seteuid(65_534) }
      let file = #expect(throws: FileError.self) { try SafetensorsFile(path: folder.path("file")) }
      let closed = #expect(throws: FileError.self) { try ModelTensors(folder: folder.path("closed")) }
      seteuid(user)
      chmod(folder.path("closed"), 0o700)
      for error in [file, closed] {
        #expect(error?.problem == .system(operation: "open", errno: EACCES))
        #expect(error?.description.contains("check the permissions") == true)
      }
    }
  }

  /// Runs in a process of its own that may open no more files.
  @Test func row35TooManyOpenFiles() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let path = try folder.write(safetensors("{}"), to: "file")
      #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
      #else
        let resource = RLIMIT_NOFILE
      #endif
      var limit = rlimit()
      getrlimit(resource, &limit)
      var none = limit
      none.rlim_cur = 0
      setrlimit(resource, &none)
      let error = #expect(throws: FileError.self) { try SafetensorsFile(path: path) }
      setrlimit(resource, &limit)
      #expect(error?.path == path && error?.problem == .system(operation: "open", errno: EMFILE))
      #expect(error?.description.contains("ulimit -n") == true)
    }
  }

  @Test func row36FilesThatChangeUnderTheReader() throws {
    let content = safetensors(tensorHeader("U8", "[4]", "[0,4]"), data: [1, 2, 3, 4])
    let path = try folder.write(content, to: "file")
    let file = try SafetensorsFile(path: path)
    let tensor = try #require(file["t"])
    #expect(try bytes(of: tensor, in: file) == [1, 2, 3, 4])
    let changed = FileError(path: path, problem: .changedWhileReading)
    // The file has the same size but was written to.
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: path)
    #expect(throws: changed) { try bytes(of: tensor, in: file) }
    truncate(path, 20)
    #expect(throws: changed) { try bytes(of: tensor, in: file) }
  }

  @Test func row36ReplacedFilesAreReadAsTheyWereOpened() throws {
    let path = try folder.write(safetensors(tensorHeader("U8", "[2]", "[0,2]"), data: [1, 2]), to: "file")
    let file = try SafetensorsFile(path: path)
    rename(try folder.write("another", to: "new"), path)
    #expect(try bytes(of: #require(file["t"]), in: file) == [1, 2])
  }
}
