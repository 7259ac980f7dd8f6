// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The columns of a table that a data set is read from.
struct DatasetColumns {
  let kind: Dataset.Kind
  /// Whether scores may turn out to be labels, since the kind was guessed from the first row.
  let mayBeLabels: Bool
  /// The names of the columns for messages, in the kind's order.
  let names: [String]
  /// The positions of the columns in a record. Objects are read by name.
  private let positions: [Int]
  /// The number of fields of each record.
  private let fieldCount: Int

  /// Finds the columns by the names in the table: for `kind`, or for the first kind whose columns are all present.
  init(named found: [String], _ columns: DatasetReader.ColumnNames, as kind: Dataset.Kind?, in row: TableRow)
    throws(DatasetError)
  {
    let positions = Dictionary(found.enumerated().map { (UTF8Key($1), [$0]) }, uniquingKeysWith: +)
    func missing(_ kind: Dataset.Kind) -> [String] {
      kind.columns(columns, in: found).filter { positions[UTF8Key($0)] == nil }
    }
    let kinds = kind.map { [$0] } ?? Dataset.Kind.allCases
    guard let match = kinds.first(where: { missing($0).isEmpty }) else {
      if let kind, let other = Dataset.Kind.allCases.first(where: { missing($0).isEmpty }) {
        throw row.error(.anotherKind(other, expected: kind, missing: missing(kind)))
      }
      // The message is about the kind with the most columns present.
      let present = kinds.map { $0.columns(columns, in: found).count - missing($0).count }
      let meant = present.firstIndex(of: present.max() ?? 0) ?? 0
      throw row.error(.missingColumns(missing(kinds[meant]), found: found))
    }
    self.kind = match
    names = match.columns(columns, in: found)
    if let name = names.first(where: { positions[UTF8Key($0)]!.count > 1 }) {
      throw row.error(.duplicateColumn(name))
    }
    self.positions = names.map { positions[UTF8Key($0)]![0] }
    fieldCount = found.count
    mayBeLabels = false
  }

  /// Takes the columns of a table without header in their order: for `kind`, or else two are text and label, three with
  /// a number in the last are a scored pair, and all others are triplets.
  init(unnamed fields: [String], as kind: Dataset.Kind?, in row: TableRow) throws(DatasetError) {
    if let kind {
      self.kind = kind
    } else if fields.count <= 2 {
      self.kind = .labeledTexts
    } else {
      self.kind = fields.count == 3 && finiteNumber(fields[2]) != nil ? .scoredPairs : .triplets
    }
    let needed = self.kind == .labeledTexts ? 2 : 3
    guard fields.count >= needed else { throw row.error(.tooFewColumns(fields.count, needed: needed)) }
    positions = Array(0..<(self.kind == .triplets ? fields.count : needed))
    names = positions.map { "\($0 + 1)" }
    fieldCount = fields.count
    mayBeLabels = kind == nil && self.kind == .scoredPairs
  }

  /// The values of the columns in a row, as text.
  func values(of row: TableRow) throws(DatasetError) -> [String] {
    switch row.content {
    case .fields(let fields):
      guard fields.count == fieldCount else { throw row.error(.fieldCount(fields.count, expected: fieldCount)) }
      return positions.map { fields[$0] }
    case .object(let object):
      var values: [String] = []
      for (index, name) in names.enumerated() {
        switch (object[name], kind.isText(index)) {
        case (.string(let text)?, _): values.append(text)
        case (.number(let number)?, false): values.append(number.text)
        case (.bool(let value)?, false): values.append(kind == .labeledPairs ? (value ? "1" : "0") : "\(value)")
        case (let value?, _): throw row.error(.unusableValue(found: value.kind), column: name)
        case (nil, _): throw row.error(.noValue, column: name)
        }
      }
      return values
    }
  }
}

extension Dataset.Kind {
  /// The names of the columns of this kind, in order. Triplets have all negatives of the table.
  fileprivate func columns(_ names: DatasetReader.ColumnNames, in found: [String]) -> [String] {
    switch self {
    case .labeledTexts: return [names.text, names.label]
    case .triplets:
      let negatives = found.filter(names.isNegative)
      return [names.anchor, names.positive] + (negatives.isEmpty ? [names.negative] : negatives)
    case .scoredPairs: return [names.sentence1, names.sentence2, names.score]
    case .labeledPairs: return [names.sentence1, names.sentence2, names.label]
    }
  }

  /// Whether the column of this index has texts, and not labels or scores.
  fileprivate func isText(_ column: Int) -> Bool {
    switch self {
    case .labeledTexts: column < 1
    case .triplets: true
    case .scoredPairs, .labeledPairs: column < 2
    }
  }
}

/// The number in a field, ignoring spaces around it; nil if it is not a finite number.
func finiteNumber(_ field: String) -> Double? {
  let text = field.utf8.drop(while: isBlank)
  guard let end = text.lastIndex(where: { !isBlank($0) }), let number = Double(Substring(text[...end])) else {
    return nil
  }
  return number.isFinite ? number : nil
}

/// Whether a byte is a space or a tab.
func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
