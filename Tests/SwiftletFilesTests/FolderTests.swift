// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

struct FolderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func isMadeWithThoseThatHoldIt() throws {
    for path in ["a/b/c", "a/b/c", "a/d/", "a"] { try Folder(folder.path(path)).create() }
    #expect(try Folder(folder.path("a")).names() == ["b", "d"])
    #expect(try Folder(folder.path("absent")).names() == [])
    try folder.write("", to: "file")
    let error = #expect(throws: FileError.self) { try Folder(folder.path("file")).create() }
    #expect(error?.problem == .system(operation: "make a folder", errno: EEXIST))
  }

  @Test func isRemovedWithAllInIt() throws {
    try folder.write("1", to: "victim/a/b")
    try folder.write("2", to: "victim/c")
    try folder.write("3", to: "other/kept")
    symlink(folder.path("other"), folder.path("victim/link"))
    try Folder(folder.path("victim")).remove()
    #expect(try folder.names() == ["other"])
    #expect(try Folder(folder.path("other")).names() == ["kept"])
  }

  @Test func appearsOnlyWhenItIsComplete() throws {
    let path = folder.path("new")
    var new = try AtomicFolder(path: path)
    try Data([1]).write(to: URL(fileURLWithPath: new.temporaryPath + "/file"))
    #expect(try Folder(folder.path).completeNames() == [])
    try new.commit()
    #expect(try folder.names() == ["new"])
    #expect(try Folder(path).names() == ["file"])
  }

  @Test func withoutCommitNothingIsLeft() throws {
    do {
      let new = try AtomicFolder(path: folder.path("new"))
      try Data([1]).write(to: URL(fileURLWithPath: new.temporaryPath + "/file"))
    }
    #expect(try folder.names() == [])
  }

  @Test func isLockedForOneAtATime() throws {
    let lock = try FolderLock(folder: folder.path)
    #expect(lock != nil)
    #expect(try FolderLock(folder: folder.path) == nil)
    withExtendedLifetime(lock) {}
  }
}
