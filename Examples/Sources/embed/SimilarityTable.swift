// SPDX-License-Identifier: Apache-2.0

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

/// The text on one line, its end cut off if it is long.
private func label(_ text: String, limit: Int) -> String {
  let line = String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
  return line.count <= limit ? line : line.prefix(limit - 1) + "…"
}

/// Three decimals.
private func fixedPoint(_ value: Float) -> String {
  let thousandths = Int((abs(value) * 1000).rounded())
  let decimals = "\(1000 + thousandths % 1000)".dropFirst()
  return "\(value < 0 && thousandths > 0 ? "-" : "")\(thousandths / 1000).\(decimals)"
}

/// Spaces before `text`, to `width` characters.
private func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}
