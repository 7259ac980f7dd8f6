// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A regular file opened for reading at any offset, from any thread.
///
/// Symbolic links are followed; a directory, pipe or device is refused, and opening one never waits. Bytes are
/// copied into the caller's memory (`pread`): a file that is cut while it is read gives an error, where a memory
/// map would kill the process.
package final class InputFile: Sendable {
  /// The size in bytes when the file was opened.
  package let size: Int
  private let file: FileDescriptor
  private let version: Version

  package var path: String { file.path }

  package init(path: String) throws(FileError) {
    file = try FileDescriptor(path: path, flags: O_RDONLY | O_NONBLOCK)
    let status = try file.status()
    if let kind = kindUnlessRegular(status) {
      throw FileError(path: path, reason: .notRegularFile(kind: kind))
    }
    version = Version(status)
    size = version.size
  }

  /// Fills `buffer` with the bytes from `offset` on.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
    var done = 0
    while done < buffer.count {
      let count = try uninterrupted("read", path) {
        pread(file.number, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      }
      guard count > 0 else { throw FileError(path: path, reason: .changedWhileReading) }
      done += count
    }
  }

  /// The bytes from `offset` on.
  package func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized throws(FileError) in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }

  /// The whole file; refused before anything is allocated if it has more than `limit` bytes.
  package func readAll(limit: Int) throws(FileError) -> [UInt8] {
    guard size <= limit else { throw FileError(path: path, reason: .tooLarge(size: size, limit: limit)) }
    let bytes = try read(at: 0, count: size)
    try checkUnchanged()
    return bytes
  }

  /// Throws if the file was written to, cut or replaced in place since it was opened.
  package func checkUnchanged() throws(FileError) {
    guard try Version(file.status()) == version else {
      throw FileError(path: path, reason: .changedWhileReading)
    }
  }

  private struct Version: Equatable {
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
      size = Int(status.st_size)
      #if canImport(Darwin)
        let modified = status.st_mtimespec
      #else
        let modified = status.st_mtim
      #endif
      seconds = Int(modified.tv_sec)
      nanoseconds = Int(modified.tv_nsec)
    }
  }
}
