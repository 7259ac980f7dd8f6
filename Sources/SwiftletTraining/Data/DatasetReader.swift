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
/// The columns tell the kind of the data: text and label; anchor, positive and negatives; sentence1, sentence2 and
/// score or label. Other columns and blank lines are left alone. A byte order mark, CRLF and line breaks in quoted
/// fields of CSV are accepted.
public struct DatasetReader: Sendable {
  /// The result of reading a table.
  public struct Result: Sendable {
    /// The rows.
    public let dataset: Dataset
    /// The number of bad rows that were skipped.
    public let skippedRows: Int
    /// Non-fatal problems of the table, a line each.
    public let warnings: [String]
  }

  /// How the rows are written; nil: as the end of the file's name tells.
  public var format: Format?

  /// Whether the first record of a CSV or TSV file holds the columns' names. Without a header the columns are taken by
  /// their order: two are text and label, three with a number in the last of the first row a pair and its score (its
  /// label if all are 0 or 1), others anchor, positive and negatives.
  public var hasHeader = true

  /// What the columns are called.
  public var columns = ColumnNames()

  /// Whether rows that cannot be read are skipped and counted, where they would be errors.
  public var skipsBadRows = false

  /// A reader of tables with a header and the columns' usual names.
  public init() {}

  /// Reads a whole table.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - kind: what the table must hold; nil: what its columns tell.
  /// - Throws: `FileError`; ``DatasetError`` for a table that is no data set; for a row also `TextError`, `TableError`
  ///   or `JSONError`. Each names file, line and, where one is meant, column.
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

  /// Whether what follows a row with this error is worth reading: not where the file itself fails, nor behind a
  /// quotation mark that took in all that was left or too much.
  private func isOfOneRow(_ error: any Error) -> Bool {
    switch (error as? TableError)?.reason {
    case .unterminatedQuote, .tooLong: false
    default: !(error is FileError)
    }
  }
}

/// The errors of the first few bad rows, and how many there were.
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
