// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Reads data sets from tables in CSV, TSV or JSON Lines.
///
/// ```swift
/// var reader = DatasetReader()
/// reader.columns.label = "category"
/// let data = try reader.read("train.csv").dataset
/// ```
///
/// The kind of the data follows from the columns: text and label; anchor, positive and negatives; sentence1, sentence2
/// and score or label. Other columns and blank lines are ignored. A byte order mark, CRLF and line breaks in quoted
/// fields of CSV are accepted.
public struct DatasetReader: Sendable {
  /// The result of reading a table.
  public struct Result: Sendable {
    /// The rows.
    public let dataset: Dataset
    /// The number of bad rows that were skipped.
    public let skippedRows: Int
    /// Non-fatal problems of the table, one line each.
    public let warnings: [String]
  }

  /// The format; nil: determined by the file's extension.
  public var format: Format?

  /// Whether the first record of a CSV or TSV file has the columns' names. Without a header the columns are taken in
  /// their order: two are text and label; three are a pair with its score if the first row has a number in the last
  /// (with its label if all numbers are 0 or 1); all others are anchor, positive and negatives.
  public var hasHeader = true

  /// The names of the columns in the header.
  public var columns = ColumnNames()

  /// Whether rows that cannot be read are skipped and counted. If false, they are errors.
  public var skipsBadRows = false

  /// A reader for tables with a header and the default column names.
  public init() {}

  /// Reads a whole table.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - kind: the kind of data that the table must have; nil: determined by its columns.
  /// - Throws: A ``SwiftletError`` that names the file, the line and the column, if the file cannot be read or is not a
  ///   data set.
  public func read(_ path: String, as kind: Dataset.Kind? = nil) throws -> Result {
    guard let format = format ?? Format(fileName: path) else {
      throw DatasetError(path: path, line: nil, column: nil, kind: .unknownFormat)
    }
    return switch format {
    case .csv: try read(RecordRows(path: path, format: .csv), hasHeader: hasHeader, path, as: kind)
    case .tsv: try read(RecordRows(path: path, format: .tsv), hasHeader: hasHeader, path, as: kind)
    case .jsonl: try read(ObjectRows(path: path), hasHeader: false, path, as: kind)
    }
  }

  private func read<Rows: TableRows & ~Copyable>(
    _ rows: consuming Rows, hasHeader: Bool, _ path: String, as kind: Dataset.Kind?
  ) throws -> Result {
    var builder: DatasetBuilder?
    if hasHeader, let header = try rows.next() {
      builder = DatasetBuilder(try datasetColumns(of: header, isHeader: true, as: kind))
    }
    var skipped = SkippedRows()
    var isAtEnd = false
    while !isAtEnd {
      do {
        guard let row = try rows.next() else {
          isAtEnd = true
          continue
        }
        if builder == nil { builder = DatasetBuilder(try datasetColumns(of: row, isHeader: false, as: kind)) }
        try builder?.append(row)
      } catch {
        guard skipsBadRows && isOfOneRow(error) else { throw error }
        skipped.append(error)
      }
    }
    guard let dataset = builder?.dataset() else {
      throw skipped.errors.first ?? DatasetError(path: path, line: nil, column: nil, kind: .noRows)
    }
    return Result(dataset: dataset, skippedRows: skipped.count, warnings: skipped.warnings(path))
  }

  private func datasetColumns(
    of row: TableRow, isHeader: Bool, as kind: Dataset.Kind?
  ) throws(DatasetError) -> DatasetColumns {
    switch row.content {
    case .fields(let names) where isHeader: try DatasetColumns(named: names, columns, as: kind, in: row)
    case .fields(let fields): try DatasetColumns(unnamed: fields, as: kind, in: row)
    case .object(let object): try DatasetColumns(named: object.members.map(\.key), columns, as: kind, in: row)
    }
  }

  /// Whether reading can go on after this error. It cannot if the file itself fails, or after an unterminated or too
  /// long quoted field.
  private func isOfOneRow(_ error: any Error) -> Bool {
    switch (error as? TableError)?.kind {
    case .unterminatedQuote, .tooLong: false
    default: !(error is FileError)
    }
  }
}

/// The errors of the first bad rows, and the number of all.
private struct SkippedRows {
  private(set) var errors: [any Error] = []
  private(set) var count = 0

  mutating func append(_ error: any Error) {
    count += 1
    if errors.count < 5 { errors.append(error) }
  }

  func warnings(_ path: String) -> [String] {
    guard count > 0 else { return [] }
    return errors.map { "\($0)" } + ["\(escaped(path)): skipped \(count) bad \(count == 1 ? "row" : "rows")"]
  }
}
