// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

extension VectorIndex {
  /// The rows of all documents, in the order of their positions.
  private func sortedRows() -> [(position: UInt64, place: RowPlace)] {
    var rows: [(position: UInt64, place: RowPlace)] = []
    rows.reserveCapacity(count)
    for (number, segment) in segments.enumerated() {
      for row in 0..<segment.rows where segment.position(of: row) != Segment.deleted {
        rows.append((segment.position(of: row), RowPlace(segment: number, row: row)))
      }
    }
    return rows.sorted { ($0.position, $0.place) < ($1.position, $1.place) }
  }

  /// Calls `body` with each document, its position and its vector, in the order of the positions. If texts have windows, a
  /// document comes once for each, and has the window's text.
  public func forEachDocument(
    _ body: (_ document: IndexedDocument, _ position: Int, _ vector: [Float]) throws -> Void
  ) throws {
    for (_, place) in sortedRows() {
      let segment = segments[place.segment]
      var (document, passage) = try document(place)
      document.text = passage
      try body(document, segment.shownPosition(of: place.row), segment.vectors.row(place.row).values)
    }
  }

  /// Reads all files and throws unless they hold what they should: each has its digest, each text is valid UTF-8, each
  /// vector can be searched, and each row's codes are those of its vector.
  public func check() throws {
    for (number, (record, segment)) in zip(manifest.segments, segments).enumerated() {
      let path = joinPath(folder, record.folderName)
      try segment.checkDigests(record.files, on: pool)
      let positions = joinPath(folder, record.positionsName)
      let live = (0..<segment.rows).filter { segment.position(of: $0) != Segment.deleted }
      let documents = try live.count { try segment.firstRow(ofDocumentAt: $0) == $0 }
      guard try pool.digest(ofFile: positions) == record.positionsDigest, live.count == record.live,
        documents == record.documents
      else { throw IndexError(.damaged("has changed since it was written"), path: positions) }
      for row in 0..<segment.rows {
        _ = try document(RowPlace(segment: number, row: row))
        do throws(IndexError) {
          try segment.vectors.row(row).withSpan { (vector) throws(IndexError) in try checkVector(vector) }
        } catch {
          throw IndexError(.damaged("row \(row): \(error.reason)"), path: joinPath(path, SegmentFile.vectors))
        }
      }
      guard let codes = segment.codes else { continue }
      for block in 0..<RowCodes.blockCount(rows: segment.rows) {
        let first = block * RowCodes.blockRows, last = min(first + RowCodes.blockRows, segment.rows)
        var bytes: [UInt8] = []
        segment.vectors.rows(first..<last).vector.withSpan {
          RowCoding.appendBlock($0, dimension: description.dimension, to: &bytes)
        }
        guard codes.bytes(ofBlock: block) == bytes else {
          throw IndexError(
            .damaged("block \(block) is not that of its vectors"), path: joinPath(path, SegmentFile.codes))
        }
      }
    }
  }
}
