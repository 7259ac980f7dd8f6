// SPDX-License-Identifier: Apache-2.0

/// A file that could not be opened, read or written.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Equatable, Sendable {
    /// A system call failed with this `errno` while doing `operation`, as "open" or "write".
    case system(operation: String, errno: Int32)
    /// The path leads to a directory, a pipe, a device or a socket.
    case notRegularFile(kind: String)
    /// The path holds a NUL character, which no file name can.
    case invalidPath
    /// The file has more bytes than a file of its kind may have.
    case tooLarge(size: Int, limit: Int)
    /// The file was cut, replaced or written to between two reads.
    case changedWhileReading
  }

  /// The file.
  public let path: String
  /// What went wrong.
  public let reason: Reason

  package init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// The error for a path that leads nowhere.
  package static func notFound(_ path: String) -> FileError {
    FileError(path: path, reason: .system(operation: "open", errno: System.notFound))
  }

  /// Whether the disk is full.
  package var isOutOfSpace: Bool {
    if case .system(_, let code) = reason { System.isOutOfSpace(errno: code) } else { false }
  }

  /// Whether the file itself is to blame, and not the process, as when it may not read it or has too many open.
  package var isOfTheFile: Bool {
    switch reason {
    case .system(_, let code): System.isUnreadable(errno: code)
    case .notRegularFile, .tooLarge, .changedWhileReading: true
    case .invalidPath: false
    }
  }

  /// One line: the path, what went wrong, what to do.
  public var description: String {
    let what =
      switch reason {
      case .system(let operation, let code):
        "cannot \(operation): \(System.explanation(ofErrno: code).message); \(System.explanation(ofErrno: code).remedy)"
      case .notRegularFile(let kind): "is a \(kind); give a regular file"
      case .invalidPath: "the path holds a NUL character; give the path of a file"
      case .tooLarge(let size, let limit):
        "has \(size) bytes, more than the \(limit) allowed here; check the file"
      case .changedWhileReading: "changed while it was read; load it again once it is written"
      }
    return "\(escaped(path)): \(what)"
  }
}
