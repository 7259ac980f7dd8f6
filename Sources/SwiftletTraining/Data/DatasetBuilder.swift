// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Collects the rows of a data set.
struct DatasetBuilder {
  private let columns: DatasetColumns
  private var texts: [[String]] = []
  private var labels: [String] = []
  private var numbers: [Double] = []
  /// The negatives of each row with an anchor.
  private var negatives: [[String]] = []
  /// The lines of rows without negatives, in case that others have some, and the file.
  private var linesWithoutNegatives: [Int] = []
  private var path: String?
  /// The names in the table that are not read, if that may be a mistake.
  private var unusedNames: [String] = []
  private var knownNames: Set<UTF8Key> = []

  init(_ columns: DatasetColumns) {
    self.columns = columns
    if mayOverlookColumns { note(unused: columns.unusedNames) }
  }

  /// Adds a row, or throws what is wrong with it.
  mutating func append(_ row: TableRow) throws(DatasetError) {
    let values = try columns.values(of: row)
    if mayOverlookColumns { note(unused: columns.unusedNames(in: row)) }
    if columns.kind.hasAnchors {
      if values[2].isEmpty { linesWithoutNegatives.append(row.line) }
      path = row.path
      for positive in values[1] {
        texts.append([values[0][0], positive])
        negatives.append(values[2])
      }
      return
    }
    let value = values[values.count - 1][0], column = columns.names[values.count - 1]
    switch columns.kind {
    case .labeledTexts:
      guard !value.isEmpty else { throw row.error(.emptyLabel, column: column) }
      labels.append(value)
    case .labeledPairs:
      guard let number = finiteNumber(value), number == 0 || number == 1 else {
        throw row.error(.notZeroOrOne(value), column: column)
      }
      numbers.append(number)
    default:
      guard let number = finiteNumber(value) else { throw row.error(.notANumber(value), column: column) }
      numbers.append(number)
    }
    texts.append(values.dropLast().map { $0[0] })
  }

  /// The data set, nil if there are no rows, and the errors of rows that do not go with the others.
  mutating func finish() -> (dataset: Dataset?, errors: [DatasetError]) {
    let mayLackNegatives = columns.isGuessed || columns.kind == .positivePairs
    if columns.kind.hasAnchors, !mayLackNegatives || negatives.contains(where: { !$0.isEmpty }) {
      texts = texts.indices.filter { !negatives[$0].isEmpty }.map { texts[$0] }
      negatives.removeAll(where: \.isEmpty)
      let errors = linesWithoutNegatives.map { DatasetError(path: path, line: $0, column: nil, problem: .noNegative) }
      return (texts.isEmpty ? nil : .triplets(triplets), errors)
    }
    return (texts.isEmpty ? nil : dataset, [])
  }

  private var dataset: Dataset {
    let areLabels = columns.mayBeLabels && numbers.allSatisfy { $0 == 0 || $0 == 1 }
    switch areLabels ? .labeledPairs : columns.kind {
    case .labeledTexts: return .labeledTexts(LabeledTexts(texts: column(0), labels: labels))
    case .triplets, .positivePairs: return .positivePairs(PositivePairs(anchors: column(0), positives: column(1)))
    case .scoredPairs: return .scoredPairs(ScoredPairs(first: column(0), second: column(1), scores: numbers))
    case .labeledPairs:
      return .labeledPairs(LabeledPairs(first: column(0), second: column(1), areAlike: numbers.map { $0 == 1 }))
    }
  }

  private var triplets: TextTriplets {
    TextTriplets(anchors: column(0), positives: column(1), negatives: negatives)
  }

  private func column(_ index: Int) -> [String] { texts.map { $0[index] } }
}

extension DatasetBuilder {
  /// Whether a column of scores, labels or negatives may have been overlooked because it has another name.
  private var mayOverlookColumns: Bool { columns.kind == .positivePairs && columns.isGuessed }

  private mutating func note(unused names: [String]) {
    for name in names where knownNames.insert(UTF8Key(name)).inserted { unusedNames.append(name) }
  }

  /// Non-fatal problems of the table, one line each.
  var warnings: [String] {
    guard !unusedNames.isEmpty else { return [] }
    return [
      "read as pairs of \(columns.names.map(quoted).joined(separator: " and ")) that belong together; not used: "
        + list(unusedNames)
    ]
  }
}
