// SPDX-License-Identifier: Apache-2.0

/// An open file. Its last reference closes it, unless the descriptor was borrowed.
final class FileDescriptor: Sendable {
  let path: String
  private let number: Int32
  private let closes: Bool

  /// Uses an open descriptor, which the caller closes.
  init(borrowing number: Int32, path: String) {
    self.number = number
    self.path = path
    closes = false
  }

  init(path: String, for access: System.Access) throws(FileError) {
    number = try System.openFile(path, for: access)
    self.path = path
    closes = true
  }

  deinit {
    if closes { System.closeFile(number) }
  }

  func status() throws(FileError) -> FileStatus { try System.status(ofFile: number, path: path) }

  /// Reads into the bytes from `start` on. Waits for at least one byte, unless the file is at its end.
  func read(into bytes: inout MutableRawSpan, from start: Int) throws(FileError) -> Int {
    try System.readSome(of: number, into: &bytes, from: start, path: path)
  }

  /// Fills `bytes` with the file's bytes from `offset` on.
  func read(at offset: Int, into bytes: inout MutableRawSpan) throws(FileError) {
    try System.fill(&bytes, from: number, at: offset, path: path)
  }

  /// Writes all bytes at `offset`. Without an offset it writes after the bytes of the last call without one.
  ///
  /// - Parameter shown: the path in errors.
  func write(_ bytes: RawSpan, at offset: Int? = nil, reportedAs shown: String) throws(FileError) {
    try System.writeAll(bytes, to: number, at: offset, path: shown)
  }

  /// Maps all bytes of the file, to be read only; nil for an empty one. They stay after the file is closed.
  func map(byteCount: Int) throws(FileError) -> UnsafeMutableRawPointer? {
    try unsafe System.mapFile(number, byteCount: byteCount, path: path)
  }

  /// Whether a read would return at once, with bytes, the end of the file or an error.
  func isReadable() -> Bool { System.isReadable(number, timeout: 0) }

  /// Flushes a file, or a folder's list of names, to the disk.
  ///
  /// - Parameter shown: the path in errors.
  func synchronize(reportedAs shown: String) throws(FileError) {
    try System.synchronizeFile(number, path: shown)
  }

  /// Locks the file for this process; false if another has it.
  func lock() -> Bool { System.lockFile(number, path: path) }

  func unlock() { System.unlockFile(number) }
}

/// Flushes a folder's list of names to the disk, after a file was created or renamed in it.
///
/// - Parameter shown: the path in errors.
func synchronize(folder: String, reportedAs shown: String) throws(FileError) {
  try FileDescriptor(path: folder, for: .folder).synchronize(reportedAs: shown)
}
