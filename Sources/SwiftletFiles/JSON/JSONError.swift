// SPDX-License-Identifier: Apache-2.0

/// A text that is not JSON (RFC 8259), or that asks for more than its reader allows.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong at the place.
  public enum Reason: Equatable, Sendable {
    /// The text ends inside a value.
    case unexpectedEnd
    /// Something else stands where `expected` should.
    case expected(String)
    /// Text follows the value.
    case trailingContent
    /// A number written as JSON does not allow, as `01`, `.5` or `NaN`.
    case invalidNumber
    /// A backslash with something JSON does not define.
    case invalidEscape
    /// `\uD800` to `\uDFFF` without its partner: no Unicode text holds one.
    case loneSurrogate
    /// A control character inside a string, which JSON wants escaped.
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
  public let reason: Reason
  /// The file, where the text came from one.
  public var path: String?
  /// The line, from 1; a reader of JSON Lines sets it.
  public var line: Int
  /// The column in Unicode scalars, from 1.
  public let column: Int
  /// The bytes before the place.
  public let offset: Int

  init(_ reason: Reason, at offset: Int, in bytes: ContiguousArray<UInt8>) {
    self.reason = reason
    self.offset = offset
    let before = bytes[..<min(offset, bytes.count)]
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    line = 1 + before.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    column = 1 + before[lineStart...].reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
  }

  /// The same error, with the file named.
  package func inFile(_ path: String) -> JSONError {
    var error = self
    error.path = path
    return error
  }

  /// One line: file, line, column and byte, and what is wrong there.
  public var description: String {
    let what =
      switch reason {
      case .unexpectedEnd: "the text ends inside a value; is the file cut?"
      case .expected(let what): "expected \(what)"
      case .trailingContent: "text follows the end of the value"
      case .invalidNumber: "not a number as JSON writes it"
      case .invalidEscape: "not an escape that JSON defines"
      case .loneSurrogate: "half a surrogate pair; no Unicode text holds one"
      case .controlCharacter: "a control character inside a string; write it as \\u00XX"
      case .invalidUTF8: "not UTF-8; save the file as UTF-8"
      case .duplicateKey(let key): "the key \(quoted(key)) occurs twice in one object; remove one"
      case .tooDeep(let limit): "more than \(limit) objects and arrays inside one another"
      case .tooManyValues(let limit): "more than \(limit) values"
      }
    let place = "line \(line), column \(column) (byte \(offset))"
    return (path.map { "\(escaped($0)): " } ?? "") + "invalid JSON at \(place): \(what)"
  }
}
