// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A text a row: the UTF-8 of all, one after the other, and where each begins and the last ends.
struct TextColumn {
  private let bytes: FileContents
  private let offsets: NumpyContents

  /// The number of texts.
  let rows: Int

  private static func bytesPath(_ path: String) -> String { path + ".utf8" }
  private static func offsetsPath(_ path: String) -> String { path + ".offsets.npy" }
  private static let offsetType = "<u8"

  /// - Parameter rows: the number of texts; nil: as many as there are.
  init(path: String, rows: Int? = nil, _ access: FileContents.Access) throws {
    let stored = try InputFile(path: TextColumn.offsetsPath(path)).size - NumpyHeader.byteCount
    guard let rows = rows ?? (stored >= 8 ? stored / 8 - 1 : nil) else {
      throw IndexError(.damaged("holds no offsets"), path: TextColumn.offsetsPath(path))
    }
    self.rows = rows
    bytes = try FileContents(path: TextColumn.bytesPath(path), access)
    offsets = try NumpyContents(
      path: TextColumn.offsetsPath(path), type: TextColumn.offsetType, shape: [rows + 1], elementSize: 8, access)
  }

  /// - Throws: ``IndexError`` if the files are damaged there.
  func text(of row: Int) throws(IndexError) -> String {
    try withUTF8(of: row) { (utf8) throws(IndexError) in
      guard firstInvalidUTF8(in: utf8) == nil else { throw damage(row) }
      return String(utf8: utf8)
    }
  }

  /// Lends the bytes of a row's text.
  func withUTF8<Result>(of row: Int, _ body: (Span<UInt8>) throws(IndexError) -> Result) throws(IndexError) -> Result {
    let start = offsets.number(at: row, as: UInt64.self), end = offsets.number(at: row + 1, as: UInt64.self)
    guard start <= end, end <= UInt64(bytes.byteCount) else { throw damage(row) }
    return try bytes.withBytes { (bytes) throws(IndexError) in
      try body(bytes.extracting(Int(start)..<Int(end)))
    }
  }

  private func damage(_ row: Int) -> IndexError { IndexError(.damaged("row \(row) holds no text"), path: bytes.path) }

  /// Writes a column, row after row.
  struct Writer: ~Copyable {
    private var bytes: BufferedFile
    private var offsets: NumpyFile
    private var end: UInt64 = 0
    private var rows = 0

    init(path: String) throws {
      let bytes = try BufferedFile(path: bytesPath(path))
      var offsets = try NumpyFile(path: offsetsPath(path), type: offsetType)
      try offsets.append(UInt64(0))
      self.bytes = bytes
      self.offsets = offsets
    }

    mutating func append(_ text: String) throws {
      try bytes.append { $0 += text.utf8 }
      end += UInt64(text.utf8.count)
      rows += 1
      try offsets.append(end)
    }

    consuming func commit() throws {
      let rows = rows
      try bytes.commit()
      try offsets.commit(shape: [rows + 1])
    }
  }
}
