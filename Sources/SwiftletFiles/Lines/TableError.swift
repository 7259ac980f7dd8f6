// SPDX-License-Identifier: Apache-2.0

/// A record of a table in CSV whose quotation marks are misplaced, or that is too long.
public struct TableError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong with the record.
  public enum Reason: Equatable, Sendable {
    /// A quotation mark inside a field that does not start with one.
    case quoteInField
    /// Something other than a comma after the quotation mark that ends a field.
    case textAfterQuote
    /// A field whose quotation mark is never closed.
    case unterminatedQuote
    /// A record with quoted line breaks that has more than `limit` bytes.
    case tooLong(limit: Int)
  }

  /// The file, or what the stream is called.
  public let name: String
  /// The line, counted from 1.
  public let line: Int
  /// The place in the line in Unicode scalars, counted from 1.
  public let column: Int
  /// What is wrong there.
  public let reason: Reason

  /// One line: where, what, what to do.
  public var description: String {
    let what =
      switch reason {
      case .quoteInField: "a quotation mark inside a field; quote the whole field and double the mark"
      case .textAfterQuote: "text after a quoted field; put a comma, or double the mark before it"
      case .unterminatedQuote: "this quotation mark is never closed; close it, or double it in a quoted field"
      case .tooLong(let limit):
        "the record of this quotation mark has more than \(limit) bytes; close the mark, or split the record"
      }
    return "\(escaped(name)): line \(line), column \(column): \(what)"
  }
}
