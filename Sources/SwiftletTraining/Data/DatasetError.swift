// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// Thrown for a table that cannot be read as a data set, or for one of its rows.
package struct DatasetError: SwiftletError, Equatable {
  /// What is wrong.
  package enum Problem: Equatable, Sendable {
    /// The file's extension is not that of a known format.
    case unknownFormat
    /// The table lacks these columns; `found` are the ones it has.
    case missingColumns([String], found: [String])
    /// The table lacks columns of the expected kind of data, but has those of another kind.
    case anotherKind(Dataset.Kind, expected: Dataset.Kind, missing: [String])
    /// The header has this name twice.
    case duplicateColumn(String)
    /// Several columns have one of the usual names of the same column.
    case ambiguousColumns([String])
    /// The fields seem to be separated by another character.
    case otherSeparator(FieldSeparator, expected: FieldSeparator)
    /// The first line says that another character separates the fields.
    case separatorLine(FieldSeparator, expected: FieldSeparator)
    /// A table without a header has too few columns.
    case tooFewColumns(Int, needed: Int)
    /// A row has more or fewer fields than the first.
    case fieldCount(Int, expected: Int)
    /// A line of JSON Lines is not an object.
    case notAnObject(found: String)
    /// The object lacks a member of the column's name.
    case noValue
    /// The member has a type that this column cannot hold.
    case unusableValue(found: String)
    /// The list of positives is empty.
    case emptyList
    /// The row has no negative, but other rows have, or triplets were asked for.
    case noNegative
    /// The label is empty.
    case emptyLabel
    /// The score is not a finite number.
    case notANumber(String)
    /// The label of a pair is neither 0 nor 1.
    case notZeroOrOne(String)
    /// The table has no rows.
    case noRows
  }

  /// The file.
  package let path: String?
  /// The line in which the row starts, counted from 1; nil if the error concerns the whole file.
  package let line: Int?
  /// The column's name, or its number counted from 1 if there is no header; nil if no single column is wrong.
  package let column: String?
  /// What is wrong there.
  package let problem: Problem

  package var reason: String {
    var place: [String] = []
    if let line { place.append("line \(line)") }
    if let column { place.append("column \(Int(column) == nil ? quoted(column) : column)") }
    return place.isEmpty ? parts.reason : "\(place.joined(separator: ", ")): \(parts.reason)"
  }

  package var remedy: String { parts.remedy }

  private var parts: (reason: String, remedy: String) {
    switch problem {
    case .unknownFormat:
      return ("the name ends in none of .csv, .tsv and .jsonl", "rename the file, or say which format it has")
    case .missingColumns(let names, let found):
      return (
        "no column \(list(names)), only \(list(found))",
        "give --text-column and the like, or --no-header, in Swift DatasetReader.columns and hasHeader"
      )
    case .anotherKind(let kind, let expected, let missing):
      return (
        "\(kind) where \(expected) are needed: no column \(list(missing))",
        "give another table, or say what the columns are called: --text-column and the like, in Swift DatasetReader.columns"
      )
    case .duplicateColumn(let name): return ("two columns are called \(quoted(name))", "rename one")
    case .ambiguousColumns(let names):
      return (
        "\(list(names)) could each be meant",
        "say which is meant: --anchor-column and the like, in Swift DatasetReader.columns"
      )
    case .otherSeparator(let other, let expected):
      return ("there are \(other.plural) where \(expected.plural) should separate columns", other.remedy)
    case .separatorLine(let other, let expected):
      return ("it says that \(other.plural) separate columns, not \(expected.plural)", other.remedy)
    case .tooFewColumns(let count, let needed):
      return (
        "\(count) \(count == 1 ? "column" : "columns") where at least \(needed) are needed", "check the format"
      )
    case .fieldCount(let count, let expected):
      return (
        "\(count) \(count == 1 ? "field" : "fields") where the first row has \(expected)",
        "quote a field that holds the separator"
      )
    case .notAnObject(let found): return ("\(found) where an object is needed", "write one JSON object a line")
    case .noValue: return ("missing", "add it")
    case .unusableValue(let found): return ("\(found), which cannot stand here", "write a string")
    case .emptyList: return ("an empty list", "give at least one text")
    case .noNegative: return ("no negative", "add one, or leave the row out")
    case .emptyLabel: return ("empty", "name the label")
    case .notANumber(let text):
      return ("\(quoted(text)) is not a finite number", "write one with a decimal point, as 0.5")
    case .notZeroOrOne(let text):
      return ("\(quoted(text)) is neither 0 nor 1", "write 1 for texts that are alike, else 0")
    case .noRows: return ("no rows", "give a table with at least one")
    }
  }
}

extension FieldSeparator {
  /// What to do if this is the separator of the table.
  fileprivate var remedy: String {
    "if \(plural) separate the columns, give --separator \(name), in Swift DatasetReader.separator"
  }
}

/// The first names in quotation marks, and the number of names left out.
func list(_ names: [String], limit: Int = 10) -> String {
  let rest = names.count > limit ? " and \(names.count - limit) more" : ""
  return names.prefix(limit).map(quoted).joined(separator: ", ") + rest
}
