// SPDX-License-Identifier: Apache-2.0

/// A text that is not JSON (RFC 8259), or that exceeds a limit of its reader.
public struct JSONError: SwiftletError, Equatable {
  /// What is wrong at the place.
  public enum Problem: Equatable, Sendable {
    /// The text ends inside a value.
    case unexpectedEnd
    /// Something other than this was found.
    case expected(String)
    /// Text follows the value.
    case trailingContent
    /// A number that JSON does not allow, for example `01`, `.5` or `NaN`.
    case invalidNumber
    /// A backslash before a character that JSON does not escape.
    case invalidEscape
    /// Half a surrogate pair, `\uD800` to `\uDFFF`, which no Unicode text contains.
    case loneSurrogate
    /// An unescaped control character inside a string.
    case controlCharacter
    /// A byte that is not UTF-8.
    case invalidUTF8
    /// The object already has this key.
    case duplicateKey(String)
    /// More than this many objects and arrays inside one another.
    case tooDeep(limit: Int)
    /// More than this many values.
    case tooManyValues(limit: Int)
  }

  /// What is wrong.
  public let problem: Problem
  /// The file, if the text came from one.
  public var path: String?
  /// The line, from 1; a reader of JSON Lines sets it.
  public var line: Int
  /// The column in Unicode scalars, from 1.
  public let column: Int
  /// The number of bytes before the place.
  public let offset: Int

  init(_ problem: Problem, at offset: Int, in bytes: ContiguousArray<UInt8>) {
    self.problem = problem
    self.offset = offset
    let before = bytes[..<min(offset, bytes.count)]
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    line = 1 + before.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    column = 1 + before[lineStart...].reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
  }

  /// The same error with the path of the file.
  package func inFile(_ path: String) -> JSONError {
    var error = self
    error.path = path
    return error
  }

  /// What is wrong, after line, column and byte.
  public var reason: String {
    "invalid JSON at line \(line), column \(column) (byte \(offset)): \(explanation.reason)"
  }

  /// What to do about it; empty if nothing general can be said.
  public var remedy: String { explanation.remedy }

  private var explanation: (reason: String, remedy: String) {
    switch problem {
    case .unexpectedEnd: ("the text ends inside a value", "check that the file is complete")
    case .expected(let what): ("expected \(what)", "")
    case .trailingContent: ("text follows the end of the value", "")
    case .invalidNumber: ("not a number as JSON writes it", "")
    case .invalidEscape: ("not an escape that JSON defines", "")
    case .loneSurrogate: ("half a surrogate pair, which no Unicode text holds", "")
    case .controlCharacter: ("a control character inside a string", "write it as \\u00XX")
    case .invalidUTF8: ("not UTF-8", "save the file as UTF-8")
    case .duplicateKey(let key): ("the key \(quoted(key)) occurs twice in one object", "remove one")
    case .tooDeep(let limit): ("more than \(limit) objects and arrays inside one another", "")
    case .tooManyValues(let limit): ("more than \(limit) values", "")
    }
  }
}
