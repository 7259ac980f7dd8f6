// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

/// A search for some queries: first all rows by chunks, then the rows that may be among the best by queries.
///
/// Threads share what is known of the best so far, so that a chunk asks only for rows that may still be among them.
final class SearchRun: Sendable {
  /// Some blocks of a segment.
  struct Chunk {
    let segment: Int
    let blocks: Range<Int>
  }

  let chunks: [Chunk]

  private let segments: [Segment]
  private let live: [[UInt16]]
  private let queries: MatrixView
  private let coded: CodedQueries
  private let limit: Int
  private let kernels: Kernels
  private let candidates: Monitor<[Candidates]>
  private let found: Monitor<[Found]>

  private struct Found {
    var best: BestRows
    var scoredRows = 0
  }

  /// A query's candidates that are kept at most, before their scores are computed: some megabytes.
  private static let maximumCandidates = 1 << 16

  /// The blocks of a chunk: some hundred microseconds of work.
  private static let chunkBlocks = 512

  /// The blocks after which thresholds are raised.
  private static let stepBlocks = 16

  /// - Parameters:
  ///   - live: a bit for each row that is searched, by segment.
  ///   - queries: `[queries, dimension]`; they are checked.
  init(_ segments: [Segment], live: [[UInt16]], queries: MatrixView, limit: Int, kernels: Kernels) {
    self.segments = segments
    self.live = live
    self.queries = queries
    // Not more than there are, so that sums with it cannot overflow.
    let limit = min(limit, max(1, segments.reduce(0) { $0 + $1.rows }))
    self.limit = limit
    self.kernels = kernels
    var coded = CodedQueries(dimension: queries.columns)
    for query in 0..<queries.rows { queries.row(query).withSpan { RowCoding.append($0, to: &coded) } }
    self.coded = coded
    chunks = live.indices.flatMap { segment in
      stride(from: 0, to: live[segment].count, by: SearchRun.chunkBlocks).map {
        Chunk(segment: segment, blocks: $0..<min($0 + SearchRun.chunkBlocks, live[segment].count))
      }
    }
    candidates = Monitor([Candidates](repeating: Candidates(count: limit), count: queries.rows))
    found = Monitor([Found](repeating: Found(best: BestRows(count: limit)), count: queries.rows))
  }

  /// Scans a chunk.
  func scan(_ index: Int, _ worker: Worker) {
    let chunk = chunks[index], segment = segments[chunk.segment]
    var local = candidates.withLock { all in all.map { Candidates(count: limit, threshold: $0.threshold) } }
    if let codes = segment.codes {
      scan(codes, chunk, worker, &local)
    } else {
      scan(segment.vectors, chunk, &local)
    }
    for query in local.indices { local[query].prune() }
    candidates.withLock { all in
      for query in all.indices {
        all[query].add(local[query])
        if all[query].all.count > SearchRun.maximumCandidates { settle(query, &all[query]) }
      }
    }
  }

  /// Computes the scores of all candidates, where they are so many that they would take much memory: rows whose bounds
  /// overlap, for example equal ones. What is left of them are the best.
  private func settle(_ query: Int, _ candidates: inout Candidates) {
    found.withLock { all in
      for candidate in candidates.all { score(candidate, for: query, &all[query]) }
      candidates.clear(threshold: all[query].best.threshold)
    }
  }

  private func score(_ candidate: Candidates.Candidate, for query: Int, _ found: inout Found) {
    if candidate.upper < found.best.threshold { return }
    let place = candidate.row, segment = segments[place.segment]
    let score = kernels.dot(segment.vectors.row(place.row), queries.row(query))
    found.scoredRows += 1
    found.best.add(BestRows.Row(score: score, position: segment.position(of: place.row), place: place))
  }

  private func scan(_ codes: RowCodes, _ chunk: Chunk, _ worker: Worker, _ local: inout [Candidates]) {
    var scratch = Scratch(worker.workspace), queries = coded
    for first in stride(from: chunk.blocks.lowerBound, to: chunk.blocks.upperBound, by: SearchRun.stepBlocks) {
      for query in local.indices { queries[thresholdOf: query] = local[query].threshold }
      live[chunk.segment].withSpan { live in
        kernels.scan(
          codes, blocks: first..<min(first + SearchRun.stepBlocks, chunk.blocks.upperBound), live: live, for: queries,
          &scratch
        ) { query, row, lower, upper in
          local[query].add(
            Candidates.Candidate(row: RowPlace(segment: chunk.segment, row: row), lower: lower, upper: upper))
        }
      }
      scratch.reset()
    }
  }

  private func scan(_ vectors: MatrixView, _ chunk: Chunk, _ local: inout [Candidates]) {
    let live = live[chunk.segment]
    for block in chunk.blocks where live[block] != 0 {
      for lane in 0..<RowCodes.blockRows where live[block] >> lane & 1 != 0 {
        let row = block * RowCodes.blockRows + lane
        for query in local.indices {
          let score = kernels.dot(vectors.row(row), queries.row(query))
          local[query].add(
            Candidates.Candidate(row: RowPlace(segment: chunk.segment, row: row), lower: score, upper: score))
        }
      }
    }
  }

  /// Computes the scores of a query's candidates, those with the highest upper bounds first, until none that is left can
  /// be among the best.
  func score(_ query: Int) {
    var candidates = candidates.withLock { $0[query] }
    candidates.prune()
    var result = found.withLock { $0[query] }
    for candidate in candidates.all.sorted(by: { $0.upper > $1.upper }) { score(candidate, for: query, &result) }
    found.withLock { $0[query] = result }
  }

  /// The best rows of a query, only the best of each document.
  private func bestOfDocuments(_ found: Found) throws(IndexError) -> [BestRows.Row] {
    var seen: Set<RowPlace> = [], rows: [BestRows.Row] = []
    for row in found.best.sorted() {
      let segment = segments[row.place.segment]
      let first = try segment.firstRow(ofDocumentAt: row.place.row)
      if seen.insert(RowPlace(segment: row.place.segment, row: first)).inserted { rows.append(row) }
    }
    return rows
  }

  /// A search for more rows, if those found are of fewer documents than wanted and there may be more; else nil.
  func extended(for documents: Int) throws(IndexError) -> SearchRun? {
    guard limit < segments.reduce(0, { $0 + $1.rows }) else { return nil }
    for found in found.withLock({ $0 }) where found.best.isFull {
      guard try bestOfDocuments(found).count < documents else { continue }
      return SearchRun(segments, live: live, queries: queries, limit: 4 * limit, kernels: kernels)
    }
    return nil
  }

  /// The documents of all queries.
  func results(_ index: VectorIndex, limit: Int) throws -> [SearchResults] {
    try found.withLock { $0 }.map { found in
      let hits = try bestOfDocuments(found).prefix(limit).map { row in
        let (document, passage) = try index.document(row.place)
        return SearchHit(
          score: row.score, position: segments[row.place.segment].shownPosition(of: row.place.row), document: document,
          passage: passage)
      }
      return SearchResults(hits, scoredRows: found.scoredRows)
    }
  }
}

/// The rows with the highest scores so far; those with equal scores by their positions.
struct BestRows: Sendable {
  struct Row {
    let score: Float
    let position: UInt64
    let place: RowPlace

    func isBefore(_ other: Row) -> Bool {
      score != other.score
        ? score > other.score
        : (position, place) < (other.position, other.place)
    }
  }

  let count: Int

  /// A row with a lower score is not among the best.
  private(set) var threshold = -Float.infinity

  private var rows: [Row] = []

  init(count: Int) { self.count = count }

  mutating func add(_ row: Row) {
    // False for NaN, which a damaged file may hold.
    guard row.score >= threshold else { return }
    rows.append(row)
    guard rows.count == 2 * count || rows.count == count else { return }
    rows = sorted()
    threshold = rows[count - 1].score
  }

  /// Whether there are as many as wanted: others may have been dropped.
  var isFull: Bool { rows.count >= count }

  func sorted() -> [Row] { Array(rows.sorted { $0.isBefore($1) }.prefix(count)) }
}
