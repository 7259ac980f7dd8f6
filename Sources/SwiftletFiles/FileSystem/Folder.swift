// SPDX-License-Identifier: Apache-2.0

/// A folder, by its path.
package struct Folder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// Creates the folder and its missing parents, and flushes their names to the disk.
  package func create() throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(path: path, problem: .invalidPath) }
    let parent = parentFolder(of: path)
    if !exists(parent) { try Folder(parent).create() }
    do throws(FileError) {
      try System.makeFolder(path, reportedAs: path)
    } catch {
      guard System.status(of: path)?.kind == .directory else { throw error }
      return
    }
    try synchronize(folder: parent, reportedAs: path)
  }

  /// The names in the folder, ordered by their bytes; empty if there is no folder.
  package func names() throws(FileError) -> [String] {
    try System.names(inFolder: path).map(UTF8Key.init).sorted().map(\.string)
  }

  /// The names in the folder without the incomplete files of killed processes.
  package func completeNames() throws(FileError) -> [String] { try names().filter { !isTemporary($0) } }

  /// Removes the folder and its files. It disappears from its path in one step; if that fails, it stays complete.
  package func remove() throws(FileError) {
    let temporaryPath = temporaryPath(beside: path)
    try System.renameFile(path, to: temporaryPath, "remove", reportedAs: path)
    Folder(temporaryPath).removeInPlace()
  }

  /// Removes the incomplete files of killed processes in the folder and its subfolders. No other process may be writing
  /// them.
  package func removeTemporaries() throws(FileError) {
    for name in try names() {
      let inner = Folder(joinPath(path, name))
      if isTemporary(name) {
        inner.removeInPlace()
      } else if inner.isThere {
        try inner.removeTemporaries()
      }
    }
  }

  /// Whether a folder is at the path, not a link to one.
  package var isThere: Bool {
    System.status(of: path, followsLinks: false)?.kind == .directory
  }

  /// Removes the file or folder at the path and everything in it, as far as possible.
  package func removeInPlace() {
    if isThere {
      for name in (try? names()) ?? [] { Folder(joinPath(path, name)).removeInPlace() }
      System.removeFolder(path)
    } else {
      System.removeFile(path)
    }
  }
}

/// A lock on a folder, held until it is released or the process ends.
package final class FolderLock: Sendable {
  private let folder: FileDescriptor

  /// nil if another process holds the lock. A file system without locks gives one to every process.
  package init?(folder path: String) throws(FileError) {
    folder = try FileDescriptor(path: path, for: .folder)
    if !folder.lock() { return nil }
  }

  /// A child process may hold a copy of the descriptor for a moment, so closing ours alone would not release the lock.
  deinit { folder.unlock() }
}
