// SPDX-License-Identifier: Apache-2.0

/// An open file of the system, closed with its last reference if it was opened here.
final class FileDescriptor: Sendable {
  let path: String
  private let number: Int32
  private let closes: Bool

  /// Takes over `number` as it is, and leaves closing it to the caller.
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

  /// Reads into the bytes from `start` on, at least one unless the file is at its end; waits for it.
  func read(into bytes: inout MutableRawSpan, from start: Int) throws(FileError) -> Int {
    try System.readSome(of: number, into: &bytes, from: start, path: path)
  }

  /// Fills all bytes with those of the file from `offset` on.
  func read(at offset: Int, into bytes: inout MutableRawSpan) throws(FileError) {
    try System.fill(&bytes, from: number, at: offset, path: path)
  }

  /// Writes all bytes: over those at `offset`, or without an offset where the last such call ended.
  ///
  /// - Parameter shown: the path that errors name.
  func write(_ bytes: RawSpan, at offset: Int? = nil, reportedAs shown: String) throws(FileError) {
    try System.writeAll(bytes, to: number, at: offset, path: shown)
  }

  /// Whether a read would return at once, be it with bytes, with the end or with an error.
  func isReadable() -> Bool { System.isReadable(number, timeout: 0) }

  /// Brings a file, or a folder's list of names, to the disk.
  ///
  /// - Parameter shown: the path that errors name.
  func synchronize(reportedAs shown: String) throws(FileError) {
    try System.synchronizeFile(number, path: shown)
  }

  /// Locks the file for this process; false if another has it.
  func lock() -> Bool { System.lockFile(number, path: path) }

  func unlock() { System.unlockFile(number) }
}

/// Brings the names in a folder to the disk, after one was made or renamed there.
///
/// - Parameter shown: the path that errors name.
func synchronize(folder: String, reportedAs shown: String) throws(FileError) {
  try FileDescriptor(path: folder, for: .folder).synchronize(reportedAs: shown)
}
