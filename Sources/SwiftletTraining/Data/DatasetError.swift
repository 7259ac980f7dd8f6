// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A table that is no data set, or one of its rows.
public struct DatasetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public enum Reason: Equatable, Sendable {
    /// The file's name does not tell its format.
    case unknownFormat
    /// The table lacks these columns; `found` are those it has.
    case missingColumns([String], found: [String])
    /// The table lacks columns of the kind of data that was asked for, and has those of another.
    case anotherKind(Dataset.Kind, expected: Dataset.Kind, missing: [String])
    /// The header has this name twice.
    case duplicateColumn(String)
    /// A table without header has too few columns for any kind of data, or for the kind asked for.
    case tooFewColumns(Int, needed: Int)
    /// A row has more or fewer fields than the first.
    case fieldCount(Int, expected: Int)
    /// A line of JSON is no object.
    case notAnObject(found: String)
    /// The object has no such member.
    case noValue
    /// The member is of a kind that this column cannot hold.
    case unusableValue(found: String)
    /// A label without a name.
    case emptyLabel
    /// A score that is not a finite number.
    case notANumber(String)
    /// The label of a pair that is neither 0 nor 1.
    case notZeroOrOne(String)
    /// There is no row.
    case noRows
  }

  /// The file.
  public let path: String
  /// The line in which the row starts, counted from 1; nil where the whole file is meant.
  public let line: Int?
  /// The column's name, or its number counted from 1 if there is no header; nil where no one column is meant.
  public let column: String?
  /// What is wrong there.
  public let reason: Reason

  /// One line: where, what, what to do.
  public var description: String {
    var place = escaped(path)
    if let line { place += ": line \(line)" }
    if let column { place += ", column \(Int(column) == nil ? quoted(column) : column)" }
    return "\(place): \(explanation)"
  }

  private var explanation: String {
    switch reason {
    case .unknownFormat:
      "the name ends in none of .csv, .tsv and .jsonl; rename the file, or say which format it has"
    case .missingColumns(let names, let found):
      "no column \(list(names)), only \(list(found)); say what the columns are called, or that there is no header"
    case .anotherKind(let kind, let expected, let missing):
      "\(kind) where \(expected) are needed: no column \(list(missing)); give another table, or say what columns are called"
    case .duplicateColumn(let name): "two columns are called \(quoted(name)); rename one"
    case .tooFewColumns(let count, let needed):
      "\(count) \(count == 1 ? "column" : "columns") where at least \(needed) are needed; check the format"
    case .fieldCount(let count, let expected):
      "\(count) \(count == 1 ? "field" : "fields") where the first row has \(expected); quote a field that holds the separator"
    case .notAnObject(let found): "\(found) where an object is needed; write one JSON object a line"
    case .noValue: "missing; add it"
    case .unusableValue(let found): "\(found), which cannot stand here; write a string"
    case .emptyLabel: "empty; name the label"
    case .notANumber(let text): "\(quoted(text)) is not a finite number; write one with a decimal point, as 0.5"
    case .notZeroOrOne(let text): "\(quoted(text)) is neither 0 nor 1; write 1 for texts that are alike, else 0"
    case .noRows: "no rows; give a table with at least one"
    }
  }
}

/// The first names in quotation marks, and how many more there are.
func list(_ names: [String], limit: Int = 10) -> String {
  let rest = names.count > limit ? " and \(names.count - limit) more" : ""
  return names.prefix(limit).map(quoted).joined(separator: ", ") + rest
}
