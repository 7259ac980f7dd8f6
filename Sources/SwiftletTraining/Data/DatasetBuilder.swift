// SPDX-License-Identifier: Apache-2.0

/// Collects the rows of a data set.
struct DatasetBuilder {
  private let columns: DatasetColumns
  private var texts: [[String]] = []
  private var labels: [String] = []
  private var numbers: [Double] = []

  init(_ columns: DatasetColumns) { self.columns = columns }

  /// Adds a row, or throws what is wrong with it.
  mutating func append(_ row: TableRow) throws(DatasetError) {
    var values = try columns.values(of: row)
    if columns.kind != .triplets {
      let value = values.removeLast(), column = columns.names[values.count]
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
    }
    texts.append(values)
  }

  /// The data set; nil if there are no rows.
  func dataset() -> Dataset? {
    guard !texts.isEmpty else { return nil }
    func column(_ index: Int) -> [String] { texts.map { $0[index] } }
    let areLabels = columns.mayBeLabels && numbers.allSatisfy { $0 == 0 || $0 == 1 }
    switch areLabels ? .labeledPairs : columns.kind {
    case .labeledTexts:
      return .labeledTexts(LabeledTexts(texts: column(0), labels: labels))
    case .triplets:
      return .triplets(
        TextTriplets(anchors: column(0), positives: column(1), negatives: texts.map { Array($0[2...]) }))
    case .scoredPairs:
      return .scoredPairs(ScoredPairs(first: column(0), second: column(1), scores: numbers))
    case .labeledPairs:
      return .labeledPairs(LabeledPairs(first: column(0), second: column(1), areAlike: numbers.map { $0 == 1 }))
    }
  }
}
