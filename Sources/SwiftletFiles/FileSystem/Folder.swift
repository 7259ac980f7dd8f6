// SPDX-License-Identifier: Apache-2.0

/// A folder, by its path.
package struct Folder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// Makes the folder, and those that hold it, where they are missing, and brings their names to the disk.
  package func create() throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(path: path, kind: .invalidPath) }
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

  /// What lies in the folder, in the order of the names' bytes; empty if there is no folder.
  package func names() throws(FileError) -> [String] {
    try System.names(inFolder: path).map(UTF8Key.init).sorted().map(\.string)
  }

  /// What lies in the folder, without the incomplete files that killed processes left behind.
  package func completeNames() throws(FileError) -> [String] { try names().filter { !isTemporary($0) } }

  /// Removes the folder with all in it. It disappears from its path in one step; if that fails, it stays whole.
  package func remove() throws(FileError) {
    let temporaryPath = temporaryPath(beside: path)
    try System.renameFile(path, to: temporaryPath, "remove", reportedAs: path)
    Folder(temporaryPath).removeInPlace()
  }

  /// Removes the incomplete files that killed processes left behind in the folder and in those inside it. No other process
  /// may write to them now.
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

  /// Whether a folder, not a link to one, lies at the path.
  private var isThere: Bool {
    System.status(of: path, followsLinks: false)?.kind == .directory
  }

  /// Removes what lies at the path, be it a file or a folder with all in it; what cannot be removed stays.
  func removeInPlace() {
    if isThere {
      for name in (try? names()) ?? [] { Folder(joinPath(path, name)).removeInPlace() }
      System.removeFolder(path)
    } else {
      System.removeFile(path)
    }
  }
}

/// A folder that belongs to this process until the lock is released or the process ends, however it ends.
package final class FolderLock: Sendable {
  private let folder: FileDescriptor

  /// nil if another process has the folder. Where the file system knows no locks, every process gets one.
  package init?(folder path: String) throws(FileError) {
    folder = try FileDescriptor(path: path, for: .folder)
    if !folder.lock() { return nil }
  }

  /// A process that is being started has a copy of the descriptor for a moment: closing ours would leave the lock.
  deinit { folder.unlock() }
}
