// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The columns in which a table can hold a kind of data. A kind can have several forms.
struct TableForm {
  let kind: Dataset.Kind
  /// The possible names of each column, of which the first is used in messages.
  let columns: [[String]]
  /// Whether a column holds negatives, which come after the other columns; nil if the form has none.
  let isNegative: ((String) -> Bool)?

  init(_ kind: Dataset.Kind, _ columns: [[String]], isNegative: ((String) -> Bool)? = nil) {
    self.kind = kind
    self.columns = columns
    self.isNegative = isNegative
  }

  /// The columns of a form that a table has.
  struct Match {
    /// The names of the columns in the table, in the form's order.
    var names: [String] = []
    /// The columns that the table lacks.
    var missing: [String] = []
    /// Other names of one column, if the table has several of them.
    var ambiguous: [String] = []
  }

  /// Looks for the columns of the form among the names of a table.
  func match(_ found: [String]) -> Match {
    let keys = Set(found.map(UTF8Key.init))
    var match = Match()
    for column in columns {
      let present = column.filter { keys.contains(UTF8Key($0)) }
      guard let name = present.first else {
        match.missing.append(column[0])
        continue
      }
      match.names.append(name)
      if !sameBytes(name, column[0]), present.count > 1 { match.ambiguous = present }
    }
    return match
  }
}

extension DatasetReader.ColumnNames {
  /// All forms, in the order in which a table is compared with them.
  ///
  /// - Parameter found: the names of the table's columns.
  func forms(in found: [String]) -> [TableForm] {
    let sentences = [[sentence1], [sentence2]], anchored = [anchors, positives]
    let negatives = found.filter(isNegative)
    return [
      TableForm(.labeledTexts, [[text], [label]]),
      TableForm(
        .triplets, anchored + (negatives.isEmpty ? [[negative]] : negatives.map { [$0] }), isNegative: isNegative),
      TableForm(.scoredPairs, sentences + [[score]]), TableForm(.scoredPairs, anchored + [[score]]),
      TableForm(.labeledPairs, sentences + [[label]]), TableForm(.labeledPairs, anchored + [[label]]),
      TableForm(.positivePairs, anchored, isNegative: isNegative), TableForm(.positivePairs, sentences),
    ]
  }
}
