// SPDX-License-Identifier: Apache-2.0

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
