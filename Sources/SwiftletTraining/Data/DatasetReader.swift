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
/// and score or label; anchor and positive, or sentence1 and sentence2, alone. ``ColumnNames`` has other names that are
/// read. Other columns and blank lines are ignored. A byte order mark, CRLF and line breaks in quoted fields of CSV are
/// accepted, and so is a first line like `sep=,`.
///
/// In JSON Lines an object can have a list of positives, which gives a row for each with the same anchor and negatives,
/// and lists of negatives. Objects can have different numbers of negatives, and each negative is used. If no object has
/// any, the data is positive pairs; else an object without one is a bad row. The kind follows from the first object.
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

  /// The character between the fields of CSV and TSV: ASCII, but no quotation mark and no line end; nil: a comma in CSV, a
  /// tab in TSV.
  public var separator: Unicode.Scalar?

  /// Whether the first record of a CSV or TSV file has the columns' names. Without a header the columns are taken in
  /// their order: two are text and label; three are a pair with its score if the first row has a number in the last
  /// (with its label if all numbers are 0 or 1); all others are anchor, positive and negatives. Two columns are anchor and
  /// positive if positive pairs are asked for, or if ``columns`` says so by number: `anchor = "1"`, `positive = "2"`.
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
      throw DatasetError(path: path, line: nil, column: nil, problem: .unknownFormat)
    }
    return switch format {
    case .csv:
      try read(RecordRows(path: path, format: .csv, separator: separator), hasHeader: hasHeader, path, as: kind)
    case .tsv:
      try read(RecordRows(path: path, format: .tsv, separator: separator), hasHeader: hasHeader, path, as: kind)
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
    let built = builder?.finish()
    for error in built?.errors ?? [] {
      guard skipsBadRows else { throw error }
      skipped.append(error)
    }
    guard let dataset = built?.dataset else {
      throw skipped.errors.first ?? DatasetError(path: path, line: nil, column: nil, problem: .noRows)
    }
    let warnings = skipped.warnings(path) + (builder?.warnings.map { "\(escaped(path)): \($0)" } ?? [])
    return Result(dataset: dataset, skippedRows: skipped.count, warnings: warnings)
  }

  private func datasetColumns(
    of row: TableRow, isHeader: Bool, as kind: Dataset.Kind?
  ) throws(DatasetError) -> DatasetColumns {
    switch row.content {
    case .fields(let names, _) where isHeader: try DatasetColumns(named: names, columns, as: kind, in: row)
    case .fields(let fields, _) where columns.haveNumbers:
      try DatasetColumns(named: fields.indices.map { "\($0 + 1)" }, columns, as: kind, in: row)
    case .fields(let fields, _): try DatasetColumns(unnamed: fields, as: kind, in: row)
    case .object(let object): try DatasetColumns(named: object.members.map(\.key), columns, as: kind, in: row)
    }
  }

  /// Whether reading can go on after this error. It cannot if the file itself fails, after an unterminated or too long
  /// quoted field, or if the first line names another separator.
  private func isOfOneRow(_ error: any Error) -> Bool {
    if case .separatorLine = (error as? DatasetError)?.problem { return false }
    return switch (error as? TableError)?.problem {
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
