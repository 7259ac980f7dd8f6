// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A folder that one process at a time has: from here until the lock goes or the process ends, however it ends.
package final class FolderLock: Sendable {
  private let folder: FileDescriptor

  /// nil if another has the folder. Where the file system knows no locks, every process gets one.
  package init?(folder path: String) throws(FileError) {
    folder = try FileDescriptor(path: path, flags: O_RDONLY | O_DIRECTORY)
    do throws(FileError) {
      try uninterrupted("lock", path) { flock(folder.number, LOCK_EX | LOCK_NB) }
    } catch {
      if case .system(_, EWOULDBLOCK) = error.reason { return nil }
    }
  }

  /// A process that is being started has a copy of the descriptor for a moment: closing ours would leave the lock.
  deinit { _ = flock(folder.number, LOCK_UN) }
}
