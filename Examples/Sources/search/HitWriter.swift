// SPDX-License-Identifier: Apache-2.0

import ProgramSupport
import Swiftlet
import SwiftletFiles

/// What is searched for, read and loaded.
struct PreparedSearch {
  let options: QueryOptions
  let filter: SearchFilter?
  let crossEncoder: CrossEncoder?

  init(_ options: QueryOptions, threads: Int?) throws {
    self.options = options
    filter = try options.filter.map { try SearchFilter($0) }
    crossEncoder = try options.rerank.map { folder in
      let encoder = try CrossEncoder(folder: folder, settings: CrossEncoderSettings(threadCount: threads))
      guard encoder.labels.count == 1 else {
        throw SeveralLabelsError(labels: encoder.labels, remedy: "give another --rerank")
      }
      return encoder
    }
  }
}

/// Searches for queries and writes what is found.
struct HitWriter: ~Copyable {
  private let search: PreparedSearch
  private let index: VectorIndex
  /// Whether a table begins with its query.
  private let titlesQueries: Bool
  private let output: Output

  init(_ search: PreparedSearch, _ index: VectorIndex, titlesQueries: Bool) throws {
    let output = try Output(path: nil)
    self.search = search
    self.index = index
    self.titlesQueries = titlesQueries
    self.output = output
  }

  /// - Parameter vectors: `[queries, dimension]`.
  mutating func write(_ queries: [String], vectors: Tensor) throws {
    let found = try index.search(vectors, limit: search.options.limit, where: search.filter)
    for (query, found) in zip(queries, found) {
      let hits = try sorted(Array(found), by: query)
      try output.write(building: { lines in
        switch search.options.format {
        case .table: appendTable(query, hits, to: &lines)
        case .jsonl: appendJSON(query, hits, to: &lines)
        }
      })
    }
  }

  private struct Hit {
    let score: Float
    let hit: SearchHit
  }

  private func sorted(_ hits: [SearchHit], by query: String) throws -> [Hit] {
    guard let crossEncoder = search.crossEncoder else { return hits.map { Hit(score: $0.score, hit: $0) } }
    let scores = try crossEncoder.scores(of: hits.map { (query, $0.passage) })
    let order = hits.indices.sorted { (scores[$0][0], $1) > (scores[$1][0], $0) }
    return order.prefix(search.options.topK).map { Hit(score: scores[$0][0], hit: hits[$0]) }
  }

  private func appendTable(_ query: String, _ hits: [Hit], to lines: inout [UInt8]) {
    if titlesQueries { lines += "\(label(query, limit: 72))\n".utf8 }
    let scores = hits.map { fixedPoint($0.score) }, numbers = hits.map { "\($0.hit.position + 1)" }
    let rankWidth = "\(hits.count)".count, scoreWidth = scores.map(\.count).max() ?? 0
    let lineWidth = numbers.map(\.count).max() ?? 0
    for (rank, hit) in hits.enumerated() {
      let start = padded("\(rank + 1)", rankWidth) + "  " + padded(scores[rank], scoreWidth)
      let place = "line " + padded(numbers[rank], lineWidth)
      lines += "\(start)  \(place)  \(label(hit.hit.passage, limit: 72))\n".utf8
    }
    if titlesQueries { lines.append(UInt8(ascii: "\n")) }
  }

  private func appendJSON(_ query: String, _ hits: [Hit], to lines: inout [UInt8]) {
    lines += #"{"query":"#.utf8
    JSONWriter.append(query, to: &lines)
    lines += #","hits":["#.utf8
    lines.append(Array(hits.enumerated()), separator: ",") { lines, element in
      let (rank, hit) = element, document = hit.hit.document
      lines += #"{"rank":\#(rank + 1),"score":\#(hit.score),"id":"#.utf8
      JSONWriter.append(document.id, to: &lines)
      lines += #","line":\#(hit.hit.position + 1),"text":"#.utf8
      JSONWriter.append(document.text, to: &lines)
      if hit.hit.passage != document.text {
        lines += #","passage":"#.utf8
        JSONWriter.append(hit.hit.passage, to: &lines)
      }
      if !document.metadata.members.isEmpty {
        lines += #","metadata":"#.utf8
        JSONWriter.append(.object(document.metadata), to: &lines)
      }
      lines.append(UInt8(ascii: "}"))
    }
    lines += "]}\n".utf8
  }
}
