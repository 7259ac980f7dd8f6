// SPDX-License-Identifier: Apache-2.0

/// A file that could not be opened, read or written.
package struct FileError: SwiftletError, Equatable {
  /// What went wrong.
  package enum Problem: Equatable, Sendable {
    /// A system call failed with this `errno` while doing `operation`, for example "open" or "write".
    case system(operation: String, errno: Int32)
    /// The path leads to a directory, a pipe, a device or a socket.
    case notRegularFile(kind: String)
    /// The path contains a NUL character, which no file name can.
    case invalidPath
    /// The file has more bytes than a file of its kind may have.
    case tooLarge(size: Int, limit: Int)
    /// The file was cut, replaced or written to between two reads.
    case changedWhileReading
  }

  package let path: String?
  /// What went wrong.
  package let problem: Problem

  package init(path: String?, problem: Problem) {
    self.path = path
    self.problem = problem
  }

  /// The error for a path where no file exists.
  package static func notFound(_ path: String) -> FileError {
    FileError(path: path, problem: .system(operation: "open", errno: System.notFound))
  }

  /// Whether the disk is full.
  package var isOutOfSpace: Bool {
    if case .system(_, let code) = problem { System.isOutOfSpace(errno: code) } else { false }
  }

  /// Whether the file itself is the cause, for example missing or unreadable. False if this process lacks a permission or
  /// has too many files open.
  package var isCausedByFile: Bool {
    switch problem {
    case .system(_, let code): System.isUnreadable(errno: code)
    case .notRegularFile, .tooLarge, .changedWhileReading: true
    case .invalidPath: false
    }
  }

  package var reason: String {
    switch problem {
    case .system(let operation, let code): "cannot \(operation): \(System.explanation(ofErrno: code).message)"
    case .notRegularFile(let kind): "is a \(kind)"
    case .invalidPath: "the path holds a NUL character"
    case .tooLarge(let size, let limit): "has \(size) bytes, more than the \(limit) allowed here"
    case .changedWhileReading: "changed while it was read"
    }
  }

  package var remedy: String {
    switch problem {
    case .system(_, let code): System.explanation(ofErrno: code).remedy
    case .notRegularFile: "give a regular file"
    case .invalidPath: "give the path of a file"
    case .tooLarge: "check the file"
    case .changedWhileReading: "load it again once it is written"
    }
  }
}
