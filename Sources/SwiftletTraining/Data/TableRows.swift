// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Reads the rows of a table one by one. Skips blank lines.
protocol TableRows: ~Copyable {
  /// The next row; nil at the end. After an error the next call continues with the following row.
  ///
  /// - Throws: `FileError`, `TextError`, `TableError`, `JSONError` or ``DatasetError``.
  mutating func next() throws -> TableRow?
}

/// The records of a CSV or TSV file. A first line like `sep=;`, which spreadsheets write, is skipped.
struct RecordRows: ~Copyable, TableRows {
  private let path: String
  private let separator: FieldSeparator
  private var records: TableReader

  init(path: String, format: TableReader.Format, separator: Unicode.Scalar?) throws {
    self.path = path
    self.separator = separator.map(FieldSeparator.init) ?? (format == .csv ? .comma : .tab)
    records = TableReader(try LineReader(path: path), format: format, separator: separator)
  }

  /// - Throws: ``DatasetError`` also if the first line names another separator.
  mutating func next() throws -> TableRow? {
    while let fields = try records.next() {
      let row = TableRow(path: path, line: records.line, content: .fields(fields, separator))
      if let named = row.namedSeparator {
        guard named == separator else { throw row.error(.separatorLine(named, expected: separator)) }
      } else if fields != [""] {
        return row
      }
    }
    return nil
  }
}

/// The objects of a JSON Lines file.
struct ObjectRows: ~Copyable, TableRows {
  private let path: String
  private var lines: LineReader

  init(path: String) throws {
    self.path = path
    lines = try LineReader(path: path)
  }

  mutating func next() throws -> TableRow? {
    while let line = try lines.next() {
      if !line.utf8.allSatisfy(isBlank) { return try row(of: line, number: lines.lineCount) }
    }
    return nil
  }

  private func row(of line: String, number: Int) throws -> TableRow {
    do {
      let value = try JSONParser.parse(Array(line.utf8))
      if case .object(let object) = value { return TableRow(path: path, line: number, content: .object(object)) }
      throw DatasetError(path: path, line: number, column: nil, problem: .notAnObject(found: value.kind))
    } catch var error as JSONError {
      error.path = path
      error.line = number
      throw error
    }
  }
}

/// A row of a table and its place in the file.
struct TableRow {
  enum Content {
    case fields([String], FieldSeparator)
    case object(JSONObject)
  }

  let path: String
  /// The line in which the row starts.
  let line: Int
  let content: Content

  func error(_ problem: DatasetError.Problem, column: String? = nil) -> DatasetError {
    DatasetError(path: path, line: line, column: column, problem: problem)
  }
}
