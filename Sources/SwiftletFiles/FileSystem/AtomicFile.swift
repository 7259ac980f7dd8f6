// SPDX-License-Identifier: Apache-2.0

/// A file that appears under its name only once it is complete.
///
/// Bytes go to a temporary file in the same folder. `commit` flushes it to the disk, renames it to the target's name and
/// flushes the folder. Without `commit`, or after an error, the temporary file is removed and an earlier file of the
/// target's name stays as it was. Replacing a file that others are reading is safe: they keep the old one.
public struct AtomicFile: ~Copyable, Sendable {
  /// The file's final path.
  public let path: String
  /// The path of the temporary file. A signal handler that ends the process should remove it first.
  public let temporaryPath: String
  private let file: FileDescriptor
  private var isCommitted = false

  /// Creates the temporary file.
  ///
  /// - Throws: ``SwiftletError`` if the folder cannot be written to, or if the path leads to a directory or device.
  public init(path: String) throws {
    guard !path.utf8.contains(0) else { throw FileError(path: path, problem: .invalidPath) }
    try System.status(of: path)?.requireRegular(path: path)
    let temporaryPath = SwiftletFiles.temporaryPath(beside: path)
    let file: FileDescriptor
    do throws(FileError) {
      file = try FileDescriptor(path: temporaryPath, for: .creating)
    } catch {
      throw FileError(path: path, problem: error.problem.withOperation("write"))
    }
    self.path = path
    self.temporaryPath = temporaryPath
    self.file = file
  }

  deinit {
    if !isCommitted { System.removeFile(temporaryPath) }
  }

  /// Appends `bytes`.
  public func write(_ bytes: RawSpan) throws { try file.write(bytes, reportedAs: path) }

  /// Appends `bytes`.
  public func write(_ bytes: [UInt8]) throws {
    try bytes.withRawSpan { (bytes) throws(FileError) in try file.write(bytes, reportedAs: path) }
  }

  /// Replaces the bytes at `offset`. `write` still appends at the end.
  public func overwrite(_ bytes: [UInt8], at offset: Int) throws {
    try bytes.withRawSpan { (bytes) throws(FileError) in
      try file.write(bytes, at: offset, reportedAs: path)
    }
  }

  /// Flushes the file to the disk and moves it to its final path.
  public mutating func commit() throws {
    precondition(!isCommitted, "an AtomicFile is committed once")
    try file.synchronize(reportedAs: path)
    try System.renameFile(temporaryPath, to: path, "rename to", reportedAs: path)
    isCommitted = true
    try synchronize(folder: parentFolder(of: path), reportedAs: path)
  }
}

extension AtomicFile {
  /// Writes a whole file atomically.
  package static func write(_ bytes: [UInt8], to path: String) throws {
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }
}

extension FileError.Problem {
  fileprivate func withOperation(_ operation: String) -> FileError.Problem {
    if case .system(_, let code) = self { .system(operation: operation, errno: code) } else { self }
  }
}
