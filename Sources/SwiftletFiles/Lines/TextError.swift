// SPDX-License-Identifier: Apache-2.0

/// A line of text that cannot be read.
public struct TextError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong with the line.
  public enum Reason: Equatable, Sendable {
    /// `byte`, at `offset` from the line's start, is not part of well-formed UTF-8.
    case notUTF8(offset: Int, byte: UInt8)
    /// The line has more than `limit` bytes.
    case tooLong(limit: Int)
  }

  /// The file, or what the stream is called.
  public let name: String
  /// The line, counted from 1.
  public let line: Int
  /// What is wrong with it.
  public let reason: Reason

  /// One line: where, what, what to do.
  public var description: String {
    let what =
      switch reason {
      case .notUTF8(let offset, let byte):
        "byte \(offset + 1) (0x\(String(byte, radix: 16, uppercase: true))) is not UTF-8; convert the text to UTF-8"
      case .tooLong(let limit): "has more than \(limit) bytes; break it into lines"
      }
    return "\(escaped(name)): line \(line): \(what)"
  }
}
