// SPDX-License-Identifier: Apache-2.0

/// A regular file opened for reading at any offset, from any thread.
///
/// Symbolic links are followed. Directories, pipes and devices are errors, and opening them never waits. Bytes are
/// copied into the caller's memory (`pread`), so a file that is cut during reading gives an error, where a memory map
/// would kill the process.
package final class InputFile: Sendable {
  /// The size in bytes when the file was opened.
  package let size: Int
  private let file: FileDescriptor
  /// The status of the file when it was opened.
  private let status: FileStatus

  package var path: String { file.path }

  package init(path: String) throws(FileError) {
    file = try FileDescriptor(path: path, for: .readingWithoutWaiting)
    status = try file.status()
    try status.requireRegular(path: path)
    size = status.size
  }

  /// Fills `bytes` with the file's bytes from `offset` on.
  package func read(at offset: Int, into bytes: inout MutableRawSpan) throws(FileError) {
    try file.read(at: offset, into: &bytes)
  }

  /// The bytes from `offset` on.
  package func read(at offset: Int, count: Int) throws(FileError) -> ContiguousArray<UInt8> {
    var bytes = ContiguousArray<UInt8>(repeating: 0, count: count)
    try bytes.withMutableRawSpan { (bytes) throws(FileError) in try read(at: offset, into: &bytes) }
    return bytes
  }

  /// The whole file. A file of more than `limit` bytes is an error, before memory is allocated.
  package func readAll(limit: Int) throws(FileError) -> ContiguousArray<UInt8> {
    guard size <= limit else { throw FileError(path: path, problem: .tooLarge(size: size, limit: limit)) }
    let bytes = try read(at: 0, count: size)
    try checkUnchanged()
    return bytes
  }

  /// Maps all bytes, to be read only; nil for an empty file.
  func map() throws(FileError) -> UnsafeMutableRawPointer? { try unsafe file.map(byteCount: size) }

  /// Throws if the file was written to, cut or replaced in place since it was opened.
  package func checkUnchanged() throws(FileError) {
    guard try file.status() == status else {
      throw FileError(path: path, problem: .changedWhileReading)
    }
  }
}
