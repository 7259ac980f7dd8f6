// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

/// A segment of an index, opened: its files are mapped or in memory.
struct Segment: Sendable {
  let rows: Int
  let fields: [String]

  /// `[rows, dimension]`.
  let vectors: MatrixView

  /// The 8-bit codes; nil if the index has none.
  let codes: RowCodes?

  let ids: TextColumn
  let texts: TextColumn

  /// A bit a row: whether it is live.
  let live: [UInt16]

  private let positions: Positions
  private let passages: NumpyContents?
  private let columns: [FieldColumn]
  private let folder: String

  /// The position of a row that is deleted.
  static let deleted = UInt64.max

  /// The largest position of a document: sums with it cannot overflow.
  static let largestPosition: UInt64 = 1 << 60

  /// What NumPy calls the type of positions.
  static let positionType = "<u8"

  /// The position of each row.
  private enum Positions {
    case stored(NumpyContents)
    /// Those of a segment that no commit has written yet.
    case given([UInt64])

    subscript(row: Int) -> UInt64 {
      switch self {
      case .stored(let numbers): numbers.number(at: row, as: UInt64.self)
      case .given(let positions): positions[row]
      }
    }
  }

  /// - Parameter given: the rows' positions; nil: they are in a file.
  init(
    _ record: IndexManifest.Segment, of description: IndexDescription, folder: String, _ access: FileContents.Access,
    positions given: [UInt64]? = nil
  ) throws {
    let path = joinPath(folder, record.folderName), dimension = description.dimension
    self.folder = path
    rows = record.rows
    fields = record.fields
    columns = try record.fields.indices.map {
      try FieldColumn(path: joinPath(path, SegmentFile.field($0)), rows: record.rows, access)
    }
    let numbers = try NumpyContents(
      path: joinPath(path, SegmentFile.vectors), type: "<f4", shape: [rows, dimension], elementSize: 4, access)
    vectors = MatrixView(
      TensorBuffer(numbers.file, byteOffset: NumpyHeader.byteCount, count: numbers.count), rows: rows,
      columns: dimension)
    codes =
      switch description.scan {
      case .float32: nil
      case .int8: try Segment.codes(joinPath(path, SegmentFile.codes), rows: rows, dimension: dimension, access)
      }
    ids = try TextColumn(path: joinPath(path, SegmentFile.ids), rows: rows, access)
    texts = try TextColumn(path: joinPath(path, SegmentFile.texts), rows: rows, access)
    passages =
      description.windows == nil
      ? nil
      : try NumpyContents(
        path: joinPath(path, SegmentFile.passages), type: "<u4", shape: [rows, 3], elementSize: 4, access)
    if let given {
      positions = .given(given)
    } else {
      positions = .stored(
        try NumpyContents(
          path: joinPath(folder, record.positionsName), type: Segment.positionType, shape: [rows], elementSize: 8,
          access))
    }
    let positions = positions
    live =
      record.live == rows
      ? Segment.allLive(rows) : Segment.live(rows) { positions[$0] != Segment.deleted }
  }

  private static func codes(
    _ path: String, rows: Int, dimension: Int, _ access: FileContents.Access
  ) throws -> RowCodes {
    let file = try FileContents(path: path, access)
    let byteCount = RowCodes.blockCount(rows: rows) * RowCodes.blockByteCount(dimension: dimension)
    guard file.byteCount == byteCount else {
      throw IndexError(.damaged("has \(file.byteCount) bytes, not \(byteCount)"), path: path)
    }
    let buffer = TensorBuffer(file, byteOffset: 0, count: byteCount / 4)
    return RowCodes(VectorView(buffer), rows: rows, dimension: dimension)
  }

  /// Where a row's document stands among all. ``deleted`` for a row that is not live.
  func position(of row: Int) -> UInt64 { positions[row] }

  /// The position of a live row. A damaged file may hold a larger one, which is taken for the largest.
  func shownPosition(of row: Int) -> Int { Int(min(positions[row], Segment.largestPosition)) }

  /// A member of the metadata; nil if no document has it.
  func field(named name: String) -> FieldColumn? {
    fields.firstIndex { sameBytes($0, name) }.map { columns[$0] }
  }

  /// The first row of the document that a row belongs to.
  func firstRow(ofDocumentAt row: Int) throws(IndexError) -> Int {
    guard let passages else { return row }
    let first = Int(passages.number(at: 3 * row, as: UInt32.self))
    guard first <= row else { throw IndexError(.damaged("row \(row) is of no document"), path: passages.file.path) }
    return first
  }

  /// The rows of the document that begins at a row.
  func rows(ofDocumentAt first: Int) throws(IndexError) -> Range<Int> {
    var end = first + 1
    while end < rows, passages != nil, try firstRow(ofDocumentAt: end) == first { end += 1 }
    return first..<end
  }

  /// Where a row's window is in its document's text, in bytes of UTF-8; nil: everywhere.
  func window(of row: Int) -> Range<Int>? {
    guard let passages else { return nil }
    let start = Int(passages.number(at: 3 * row + 1, as: UInt32.self))
    return start..<max(start, Int(passages.number(at: 3 * row + 2, as: UInt32.self)))
  }

  /// The windows of the document that begins at a row, with their vectors.
  func windows(ofDocumentAt first: Int) throws -> [DocumentWindow] {
    let whole = 0..<(try texts.text(of: first).utf8.count)
    return try rows(ofDocumentAt: first).map { row in
      DocumentWindow(vector: vectors.row(row).values, range: window(of: row) ?? whole)
    }
  }

  /// Throws unless the files are those that were written.
  func checkDigests(_ files: [FileRecord], on pool: ThreadPool) throws {
    for listed in files {
      let path = joinPath(folder, listed.name)
      guard try InputFile(path: path).size == listed.byteCount, try pool.digest(ofFile: path) == listed.sha256 else {
        throw IndexError(.damaged("has changed since it was written"), path: path)
      }
    }
  }

  /// The document that begins at a row.
  func document(_ row: Int) throws -> IndexedDocument {
    var document = IndexedDocument(id: try ids.text(of: row), text: try texts.text(of: row))
    for (name, column) in zip(fields, columns) { document.metadata[name] = try column.value(of: row) }
    return document
  }

  /// A bit a row: whether it is live and a condition holds.
  func live(where condition: (Int) throws -> Bool) rethrows -> [UInt16] {
    try Segment.live(rows) { row in
      try live[row / RowCodes.blockRows] >> (row % RowCodes.blockRows) & 1 != 0 && condition(row)
    }
  }

  private static func live(_ rows: Int, where condition: (Int) throws -> Bool) rethrows -> [UInt16] {
    var bits = [UInt16](repeating: 0, count: RowCodes.blockCount(rows: rows))
    for row in 0..<rows where try condition(row) { bits[row / RowCodes.blockRows] |= 1 << (row % RowCodes.blockRows) }
    return bits
  }

  private static func allLive(_ rows: Int) -> [UInt16] {
    var bits = [UInt16](repeating: .max, count: RowCodes.blockCount(rows: rows))
    let rest = rows % RowCodes.blockRows
    if rest > 0 { bits[bits.count - 1] = 1 << rest - 1 }
    return bits
  }
}
