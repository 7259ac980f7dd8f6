// SPDX-License-Identifier: Apache-2.0

/// A file that appears under its name only once it is complete.
///
/// Bytes go to a temporary file in the same folder; `commit` brings them to the disk, renames the file over the
/// target and brings the folder to the disk. Without `commit`, or after an error, the temporary file is removed
/// and what was at the target stays as it was. Writing over a file that is open for reading is safe: readers keep
/// the old one.
public struct AtomicFile: ~Copyable, Sendable {
  /// Where the file will be.
  public let path: String
  /// Where the bytes are until then. A signal handler that ends the process should remove this file first.
  public let temporaryPath: String
  private let file: FileDescriptor
  private var isCommitted = false

  /// Creates the temporary file.
  ///
  /// - Throws: `FileError` if the folder cannot be written to, or if the path leads to a directory or device.
  public init(path: String) throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(path: path, reason: .invalidPath) }
    try System.status(of: path)?.requireRegular(path: path)
    let temporaryPath = SwiftletFiles.temporaryPath(beside: path)
    let file: FileDescriptor
    do throws(FileError) {
      file = try FileDescriptor(path: temporaryPath, for: .creating)
    } catch {
      throw FileError(path: path, reason: error.reason.renamed("write"))
    }
    self.path = path
    self.temporaryPath = temporaryPath
    self.file = file
  }

  deinit {
    if !isCommitted { System.removeFile(temporaryPath) }
  }

  /// Appends `bytes`.
  public func write(_ bytes: RawSpan) throws(FileError) { try file.write(bytes, reportedAs: path) }

  /// Appends `bytes`.
  public func write(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withRawSpan { (bytes) throws(FileError) in try write(bytes) }
  }

  /// Writes `bytes` over those at `offset`; where `write` appends does not change.
  public func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    try bytes.withRawSpan { (bytes) throws(FileError) in
      try file.write(bytes, at: offset, reportedAs: path)
    }
  }

  /// Makes the file durable and puts it in its place.
  public mutating func commit() throws(FileError) {
    precondition(!isCommitted, "an AtomicFile is committed once")
    try file.synchronize(reportedAs: path)
    try System.renameFile(temporaryPath, to: path, "rename to", reportedAs: path)
    isCommitted = true
    try synchronize(folder: parentFolder(of: path), reportedAs: path)
  }
}

extension FileError.Reason {
  fileprivate func renamed(_ operation: String) -> FileError.Reason {
    if case .system(_, let code) = self { .system(operation: operation, errno: code) } else { self }
  }
}
