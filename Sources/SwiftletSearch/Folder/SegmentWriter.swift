// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

/// A part of a document with its vector.
struct DocumentWindow {
  let vector: [Float]
  /// Where it is in the text, in bytes of UTF-8.
  let range: Range<Int>
}

/// Writes a segment, row after row, to a folder that appears when it is complete.
///
/// Memory grows with the ids and the distinct values of the metadata, but a segment has at most ``maximumRows`` rows.
struct SegmentWriter: ~Copyable {
  static let maximumRows = 1 << 16

  /// The members that the metadata of a segment's documents may have in all: each has files of its own.
  static let maximumFields = 256

  let number: Int
  private(set) var ids: [String] = []

  private let dimension: Int
  private var folder: AtomicFolder
  private var vectors: NumpyFile
  private var codes: BufferedFile?
  private var idColumn: TextColumn.Writer
  private var textColumn: TextColumn.Writer
  private var passages: NumpyFile?
  private var fields: [String] = []
  private var placeOfField: [UTF8Key: Int] = [:]
  private var columns: [FieldColumn.Writer] = []
  private var block: [Float] = []

  var rows: Int { ids.count }

  init(number: Int, of description: IndexDescription, folder index: String) throws {
    let record = IndexManifest.Segment(
      number: number, rows: 0, fields: [], files: [], live: 0, documents: 0, positionsRevision: 0)
    let folder = try AtomicFolder(path: joinPath(index, record.folderName)), path = folder.temporaryPath
    let vectors = try NumpyFile(path: joinPath(path, SegmentFile.vectors), type: "<f4")
    let codes: BufferedFile? =
      description.scan == .int8 ? try BufferedFile(path: joinPath(path, SegmentFile.codes)) : nil
    let idColumn = try TextColumn.Writer(path: joinPath(path, SegmentFile.ids))
    let textColumn = try TextColumn.Writer(path: joinPath(path, SegmentFile.texts))
    let passages: NumpyFile? =
      description.windows == nil ? nil : try NumpyFile(path: joinPath(path, SegmentFile.passages), type: "<u4")
    self.number = number
    dimension = description.dimension
    self.folder = folder
    self.vectors = vectors
    self.codes = codes
    self.idColumn = idColumn
    self.textColumn = textColumn
    self.passages = passages
  }

  /// Appends the rows of a document, one a window. Only the first has the id and the text.
  mutating func append(_ document: IndexedDocument, _ windows: [DocumentWindow]) throws {
    let first = rows
    for window in windows {
      let isFirst = rows == first
      if passages != nil {
        for number in [first, window.range.lowerBound, window.range.upperBound] {
          try passages?.append(UInt32(clamping: number))
        }
      }
      try window.vector.withSpan { vector in
        try append(document, id: isFirst ? document.id : "", text: isFirst ? document.text : "", vector: vector)
      }
    }
  }

  private mutating func append(_ document: IndexedDocument, id: String, text: String, vector: Span<Float>) throws {
    try vectors.append(numbers: vector)
    if codes != nil {
      for element in vector.indices { block.append(vector[element]) }
      if block.count == dimension * RowCodes.blockRows { try flushBlock() }
    }
    try idColumn.append(id)
    try textColumn.append(text)
    for member in document.metadata.members {
      let place = placeOfField[UTF8Key(member.key)] ?? fields.count
      if place == fields.count {
        guard place < SegmentWriter.maximumFields else { throw IndexError(.tooManyFields(SegmentWriter.maximumFields)) }
        placeOfField[UTF8Key(member.key)] = place
        fields.append(member.key)
        columns.append(FieldColumn.Writer())
      }
      columns[place].append(member.value, row: rows)
    }
    ids.append(id)
  }

  private mutating func flushBlock() throws {
    let rows = block, dimension = dimension
    try codes?.append { bytes in rows.withSpan { RowCoding.appendBlock($0, dimension: dimension, to: &bytes) } }
    block.removeAll(keepingCapacity: true)
  }

  /// Completes the files and gives the folder its name. The manifest does not know it yet.
  consuming func commit() throws -> IndexManifest.Segment {
    if !block.isEmpty { try flushBlock() }
    let rows = rows, path = folder.temporaryPath
    try vectors.commit(shape: [rows, dimension])
    if let codes = codes.take() { try codes.commit() }
    try idColumn.commit()
    try textColumn.commit()
    if let passages = passages.take() { try passages.commit(shape: [rows, 3]) }
    for (index, column) in columns.enumerated() {
      try column.write(path: joinPath(path, SegmentFile.field(index)), rows: rows)
    }
    let files = try Folder(path).names().map { name in
      FileRecord(
        name: name, byteCount: try InputFile(path: joinPath(path, name)).size,
        sha256: try ThreadPool.shared.digest(ofFile: joinPath(path, name)))
    }
    try folder.commit()
    return IndexManifest.Segment(
      number: number, rows: rows, fields: fields, files: files, live: rows, documents: rows,
      positionsRevision: 0)
  }
}
