// SPDX-License-Identifier: Apache-2.0

import ProgramSupport
import SwiftletFiles

/// The best of the documents seen so far. With a limit, memory does not grow with their number.
struct Ranking {
  struct Document {
    /// The number of documents before it in the input.
    let index: Int
    /// The line of the input; nil for an argument.
    let line: Int?
    let text: String
    let score: Float
  }

  /// The number of documents seen so far.
  private(set) var count = 0

  private let limit: Int
  private var documents: [Document] = []

  /// - Parameter limit: the number of documents to keep; nil: all.
  init(limit: Int?) { self.limit = limit ?? .max }

  mutating func add(_ text: String, line: Int?, score: Float) {
    documents.append(Document(index: count, line: line, text: text, score: score))
    count += 1
    if documents.count / 2 > max(limit, 1024) { documents = best }
  }

  /// The best documents in the order of their scores; those with equal scores in the order of the input.
  private var best: [Document] {
    Array(documents.sorted { ($0.score, $1.index) > ($1.score, $0.index) }.prefix(limit))
  }

  func appendTable(to lines: inout [UInt8]) {
    let rows = best
    let scores = rows.map { fixedPoint($0.score) }
    let rankWidth = "\(rows.count)".count, scoreWidth = scores.map(\.count).max() ?? 0
    for (rank, document) in rows.enumerated() {
      let start = padded("\(rank + 1)", rankWidth) + "  " + padded(scores[rank], scoreWidth)
      lines += (start + "  " + label(document.text, limit: 72) + "\n").utf8
    }
  }

  func appendJSONLines(to lines: inout [UInt8]) {
    for document in best {
      lines += #"{"index":\#(document.index),"#.utf8
      if let line = document.line { lines += #""line":\#(line),"#.utf8 }
      lines += #""score":\#(document.score),"text":"#.utf8
      JSONWriter.append(document.text, to: &lines)
      lines += "}\n".utf8
    }
  }

  func appendTabSeparated(to lines: inout [UInt8]) {
    for document in best {
      // Tabs and line ends in a text would look like columns and rows: they become spaces.
      lines += "\(document.index)\t\(document.score)\t\(label(document.text, limit: .max))\n".utf8
    }
  }
}
