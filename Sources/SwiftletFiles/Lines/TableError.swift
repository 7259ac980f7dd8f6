// SPDX-License-Identifier: Apache-2.0

/// A record of a CSV table that has misplaced quotation marks or is too long.
public struct TableError: SwiftletError, Equatable {
  /// What is wrong with a record.
  package enum Problem: Equatable, Sendable {
    /// A quotation mark inside a field that does not start with one.
    case quoteInField
    /// Something other than the separator after the quotation mark that ends a field.
    case textAfterQuote
    /// Another usual separator after the quotation mark that ends a field.
    case otherSeparator(FieldSeparator, expected: FieldSeparator)
    /// A field whose quotation mark is never closed.
    case unterminatedQuote
    /// A record with quoted line breaks that has more than `limit` bytes.
    case tooLong(limit: Int)
  }

  /// The file, or the name of the stream.
  public let path: String?
  /// The line, counted from 1.
  public let line: Int
  /// The place in the line in Unicode scalars, counted from 1.
  public let column: Int
  /// What is wrong there.
  package let problem: Problem

  /// What is wrong, after line and column.
  public var reason: String { "line \(line), column \(column): \(explanation.reason)" }

  /// What to do about it.
  public var remedy: String { explanation.remedy }

  private var explanation: (reason: String, remedy: String) {
    switch problem {
    case .quoteInField: ("a quotation mark inside a field", "quote the whole field and double the mark")
    case .textAfterQuote: ("text after a quoted field", "put the separator, or double the mark before it")
    case .otherSeparator(let other, let expected):
      (
        "\(other.plural) after quoted fields, where \(expected.plural) are expected",
        "if \(other.plural) separate the columns, give \(other.name) as the separator"
      )
    case .unterminatedQuote: ("this quotation mark is never closed", "close it, or double it in a quoted field")
    case .tooLong(let limit):
      ("the record of this quotation mark has more than \(limit) bytes", "close the mark, or split the record")
    }
  }
}
