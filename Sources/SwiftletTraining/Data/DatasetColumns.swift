// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The columns of a table that a data set is read from.
struct DatasetColumns {
  let kind: Dataset.Kind
  /// Whether the kind was not asked for, but follows from the columns.
  let isGuessed: Bool
  /// Whether scores may turn out to be labels, since the kind was guessed from the first row.
  let mayBeLabels: Bool
  /// The names of the columns for messages, in the kind's order.
  let names: [String]
  /// The names in the table that are not read.
  let unusedNames: [String]
  /// The positions of the columns in a record. Objects are read by name.
  private let positions: [Int]
  /// The number of fields of each record.
  private let fieldCount: Int
  /// Whether a member of an object holds negatives; nil if the kind has none.
  private let isNegative: ((String) -> Bool)?

  /// Finds the columns by the names in the table: for `kind`, or for the first kind whose columns are all present.
  init(named found: [String], _ columns: DatasetReader.ColumnNames, as kind: Dataset.Kind?, in row: TableRow)
    throws(DatasetError)
  {
    let all = columns.forms(in: found), forms = all.filter { kind == nil || $0.kind == kind }
    guard let form = forms.first(where: { $0.match(found).missing.isEmpty }) else {
      let isComplete = { (names: [String]) in
        columns.forms(in: names).contains { $0.match(names).missing.isEmpty }
      }
      if let error = row.separatorError(isHeader: isComplete) { throw error }
      let missing = DatasetColumns.missing(of: forms, in: found)
      if let kind, let other = all.first(where: { $0.match(found).missing.isEmpty }) {
        throw row.error(.anotherKind(other.kind, expected: kind, missing: missing))
      }
      throw row.error(.missingColumns(missing, found: found))
    }
    let match = form.match(found)
    let positions = Dictionary(found.enumerated().map { (UTF8Key($1), [$0]) }, uniquingKeysWith: +)
    guard match.ambiguous.isEmpty else { throw row.error(.ambiguousColumns(match.ambiguous)) }
    if let name = match.names.first(where: { positions[UTF8Key($0)]!.count > 1 }) {
      throw row.error(.duplicateColumn(name))
    }
    self.kind = form.kind
    isGuessed = kind == nil
    names = match.names
    let used = Set(names.map(UTF8Key.init))
    unusedNames = found.filter { !used.contains(UTF8Key($0)) }
    self.positions = names.map { positions[UTF8Key($0)]![0] }
    fieldCount = found.count
    mayBeLabels = false
    // Pairs that were asked for need no negatives.
    isNegative = kind == .positivePairs ? nil : form.isNegative
  }

  /// The missing columns of the form that has the most columns present, or of several the fewest missing.
  private static func missing(of forms: [TableForm], in found: [String]) -> [String] {
    func rank(_ form: TableForm) -> (Int, Int) {
      let missing = form.match(found).missing.count
      return (missing - form.columns.count, missing)
    }
    return forms.min { rank($0) < rank($1) }?.match(found).missing ?? []
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
    let needed = [.labeledTexts, .positivePairs].contains(self.kind) ? 2 : 3
    guard fields.count >= needed else {
      throw row.separatorError { _ in false } ?? row.error(.tooFewColumns(fields.count, needed: needed))
    }
    positions = Array(0..<(self.kind == .triplets ? fields.count : needed))
    names = positions.map { "\($0 + 1)" }
    unusedNames = []
    fieldCount = fields.count
    isGuessed = kind == nil
    mayBeLabels = isGuessed && self.kind == .scoredPairs
    isNegative = nil
  }

  /// The values of a row in the kind's order: first the text of each column, or a list of positives. Then a label or
  /// score, or a list of all negatives, which is empty for pairs.
  func values(of row: TableRow) throws(DatasetError) -> [[String]] {
    switch row.content {
    case .fields(let fields, _):
      guard fields.count == fieldCount else { throw row.error(.fieldCount(fields.count, expected: fieldCount)) }
      let values = positions.map { fields[$0] }
      return kind.hasAnchors ? [[values[0]], [values[1]], Array(values[2...])] : values.map { [$0] }
    case .object(let object):
      var values: [[String]] = []
      for (index, name) in names.enumerated() where index < 2 || !kind.hasAnchors {
        guard let value = object[name] else { throw row.error(.noValue, column: name) }
        values.append(
          kind.isText(index)
            ? try texts(of: value, name, in: row, allowsLists: kind.hasAnchors && index == 1)
            : [try labelOrScore(of: value, name, in: row)])
      }
      guard kind.hasAnchors else { return values }
      if values[1].isEmpty { throw row.error(.emptyList, column: names[1]) }
      var negatives: [String] = []
      if let isNegative {
        for member in object.members where isNegative(member.key) {
          negatives += try texts(of: member.value, member.key, in: row, allowsLists: true)
        }
      }
      return values + [negatives]
    }
  }

  /// The names in an object that are neither read nor those of negatives.
  func unusedNames(in row: TableRow) -> [String] {
    guard case .object(let object) = row.content else { return [] }
    return object.members.map(\.key).filter { key in
      !names.contains { sameBytes($0, key) } && isNegative?(key) != true
    }
  }

  private func texts(
    of value: JSONValue, _ name: String, in row: TableRow, allowsLists: Bool
  ) throws(DatasetError) -> [String] {
    switch value {
    case .string(let text): return [text]
    case .array(let elements) where allowsLists:
      let texts = elements.compactMap(\.string)
      if let other = elements.first(where: { $0.string == nil }) {
        throw row.error(.unusableValue(found: "a list with \(other.kind)"), column: name)
      }
      return texts
    default: throw row.error(.unusableValue(found: value.kind), column: name)
    }
  }

  private func labelOrScore(of value: JSONValue, _ name: String, in row: TableRow) throws(DatasetError) -> String {
    switch value {
    case .string(let text): text
    case .number(let number): number.text
    case .bool(let value): kind == .labeledPairs ? (value ? "1" : "0") : "\(value)"
    default: throw row.error(.unusableValue(found: value.kind), column: name)
    }
  }
}

extension Dataset.Kind {
  /// Whether rows have an anchor, positives and perhaps negatives.
  var hasAnchors: Bool { self == .triplets || self == .positivePairs }

  /// Whether the column of this index has texts, and not labels or scores.
  fileprivate func isText(_ column: Int) -> Bool {
    switch self {
    case .labeledTexts: column < 1
    case .triplets, .positivePairs: true
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
