// SPDX-License-Identifier: Apache-2.0

import ProgramSupport
import Swiftlet

/// The cosine of each text with each, for people to read.
///
///                                1      2
///     1  A man is eating food.  1.000  0.680
///     2  Someone has a meal.    0.680  1.000
func similarityTable(_ texts: [String], _ embeddings: Embeddings) -> String {
  let numbers = texts.indices.map { "\($0 + 1)" }
  let labels = texts.map { label($0, limit: 48) }
  let numberWidth = numbers.last?.count ?? 0
  let labelWidth = labels.map(\.count).max() ?? 0
  let blank = String(repeating: " ", count: numberWidth + 2 + labelWidth)
  var table = blank + numbers.map { "  " + padded($0, 6) }.joined() + "\n"
  for row in texts.indices {
    let cosines = texts.indices.map { "  " + padded(fixedPoint(embeddings.cosineSimilarity(row, $0)), 6) }
    table += padded(numbers[row], numberWidth) + "  " + labels[row]
    table += String(repeating: " ", count: labelWidth - labels[row].count) + cosines.joined() + "\n"
  }
  return table
}
