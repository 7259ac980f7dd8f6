// SPDX-License-Identifier: Apache-2.0

/// A line of text that cannot be read.
public struct TextError: SwiftletError, Equatable {
  /// What is wrong with a line.
  package enum Problem: Equatable, Sendable {
    /// `byte`, at `offset` from the line's start, is not part of well-formed UTF-8.
    case notUTF8(offset: Int, byte: UInt8)
    /// The line has more than `limit` bytes.
    case tooLong(limit: Int)
  }

  /// The file, or the name of the stream.
  public let path: String?
  /// The line, counted from 1.
  public let line: Int
  /// What is wrong with the line.
  package let problem: Problem

  /// What is wrong, after the line.
  public var reason: String {
    switch problem {
    case .notUTF8(let offset, let byte):
      "line \(line): byte \(offset + 1) (0x\(String(byte, radix: 16, uppercase: true))) is not UTF-8"
    case .tooLong(let limit): "line \(line): has more than \(limit) bytes"
    }
  }

  /// What to do about it.
  public var remedy: String {
    switch problem {
    case .notUTF8: "convert the text to UTF-8"
    case .tooLong: "break it into lines"
    }
  }
}
