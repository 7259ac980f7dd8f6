// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that appears under its name only once it is complete.
///
/// Bytes go to a temporary file in the same folder; `commit` brings them to the disk, renames the file over the
/// target and brings the folder to the disk. Without `commit`, or after an error, the temporary file is removed
/// and what was at the target stays as it was. Writing over a file that is open for reading is safe: readers keep
/// the old one.
public struct AtomicFile: ~Copyable, Sendable {
  /// Where the file will be.
  public let path: String
  /// Where the bytes are until then; who ends the process from a signal handler removes it first.
  public let temporaryPath: String
  private let file: FileDescriptor
  private var isCommitted = false

  /// Creates the temporary file.
  ///
  /// - Throws: `FileError` if the folder cannot be written to, or if the path leads to a directory or device.
  public init(path: String) throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(path: path, reason: .invalidPath) }
    var status = stat()
    if stat(path, &status) == 0, let kind = kindUnlessRegular(status) {
      throw FileError(path: path, reason: .notRegularFile(kind: kind))
    }
    let temporaryPath = SwiftletFiles.temporaryPath(beside: path)
    let file: FileDescriptor
    do throws(FileError) {
      file = try FileDescriptor(path: temporaryPath, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
    } catch {
      throw FileError(path: path, reason: error.reason.renamed("write"))
    }
    self.path = path
    self.temporaryPath = temporaryPath
    self.file = file
  }

  deinit {
    if !isCommitted { unlink(temporaryPath) }
  }

  /// Appends `bytes`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try writeAll(bytes) { pointer, count, _ in
      #if canImport(Glibc)
        Glibc.write(file.number, pointer, count)
      #elseif canImport(Musl)
        Musl.write(file.number, pointer, count)
      #else
        Darwin.write(file.number, pointer, count)
      #endif
    }
  }

  /// Appends `bytes`.
  public func write(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withUnsafeBufferPointer { buffer throws(FileError) in
      try write(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Writes `bytes` over those at `offset`; where `write` appends does not change.
  public func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    try bytes.withUnsafeBufferPointer { buffer throws(FileError) in
      try writeAll(UnsafeRawBufferPointer(buffer)) { pointer, count, done in
        pwrite(file.number, pointer, count, off_t(offset + done))
      }
    }
  }

  /// Makes the file durable and puts it in its place.
  public mutating func commit() throws(FileError) {
    precondition(!isCommitted, "an AtomicFile is committed once")
    try synchronize(file, path: path)
    try uninterrupted("rename to", path) { rename(temporaryPath, path) }
    isCommitted = true
    try synchronize(folder: parentFolder(of: path), path: path)
  }

  private func writeAll(
    _ bytes: UnsafeRawBufferPointer, _ call: (UnsafeRawPointer, Int, _ done: Int) -> Int
  ) throws(FileError) {
    var done = 0
    while done < bytes.count {
      done += try uninterrupted("write", path) { call(bytes.baseAddress! + done, bytes.count - done, done) }
    }
  }
}

extension FileError.Reason {
  fileprivate func renamed(_ operation: String) -> FileError.Reason {
    if case .system(_, let code) = self { .system(operation: operation, errno: code) } else { self }
  }
}
