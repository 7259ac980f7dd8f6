// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTensors

/// The names of a segment's files. A segment is a folder of rows that never change; which of them are live, and in what
/// order, the index's positions say.
enum SegmentFile {
  /// float32 `[rows, dimension]`, as NumPy reads it.
  static let vectors = "vectors.npy"
  /// The same as 8-bit codes, in blocks: see ``RowCoding``.
  static let codes = "codes.bin"
  /// The documents' ids and texts: a ``TextColumn`` each.
  static let ids = "ids"
  static let texts = "texts"
  /// If texts have windows, for each row: the first row of its document, where its window begins and where it ends.
  static let passages = "passages.npy"
  /// A ``FieldColumn`` of the metadata.
  static func field(_ number: Int) -> String { "field-\(number)" }
}

/// A file as the manifest lists it.
struct FileRecord: Equatable {
  let name: String
  let byteCount: Int
  /// The digest of its pieces' digests: see `ThreadPool.digest(ofFile:)`.
  let sha256: String
}

/// Writes a file from its beginning to its end through a buffer, and knows its digest then.
struct BufferedFile: ~Copyable {
  private var file: AtomicFile
  private var buffer: [UInt8] = []

  private static let capacity = 1 << 20

  init(path: String) throws {
    file = try AtomicFile(path: path)
    buffer.reserveCapacity(BufferedFile.capacity)
  }

  /// Appends what `body` appends to the buffer.
  mutating func append(_ body: (inout [UInt8]) throws -> Void) throws {
    try body(&buffer)
    if buffer.count >= BufferedFile.capacity { try flush() }
  }

  /// Writes the file under its name. The bytes at its start are replaced by `header`.
  consuming func commit(header: [UInt8] = []) throws {
    try flush()
    if !header.isEmpty { try file.overwrite(header, at: 0) }
    try file.commit()
  }

  private mutating func flush() throws {
    try file.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}

/// A NumPy file of numbers whose count is known only at the end.
struct NumpyFile: ~Copyable {
  private var file: BufferedFile
  private let type: String

  init(path: String, type: String) throws {
    var file = try BufferedFile(path: path)
    try file.append { $0 += repeatElement(0, count: NumpyHeader.byteCount) }
    self.file = file
    self.type = type
  }

  mutating func append(_ number: some FixedWidthInteger) throws { try file.append { $0 += number.bytes } }

  mutating func append(numbers: Span<Float>) throws { try file.append { $0.append(bytesOf: numbers) } }

  consuming func commit(shape: [Int]) throws {
    try file.commit(header: NumpyHeader(type: type, shape: shape).bytes)
  }
}

/// A NumPy file of an index, opened: its shape is known before.
struct NumpyContents {
  let file: FileContents
  let count: Int

  /// - Parameter elementSize: the bytes of a number.
  init(path: String, type: String, shape: [Int], elementSize: Int, _ access: FileContents.Access) throws {
    file = try FileContents(path: path, access)
    count = shape.reduce(1, *)
    guard file.byteCount == NumpyHeader.byteCount + count * elementSize else {
      throw IndexError(.damaged("has \(file.byteCount) bytes, not those of \(shape) numbers"), path: path)
    }
    let header = NumpyHeader(type: type, shape: shape).bytes
    let isEqual = file.withBytes { bytes in
      header.indices.allSatisfy { bytes[$0] == header[$0] }
    }
    guard isEqual else { throw IndexError(.damaged("is no array of \(shape) numbers of type \(type)"), path: path) }
  }

  func number<Number: FixedWidthInteger & BitwiseCopyable>(at index: Int, as type: Number.Type) -> Number {
    precondition(0..<count ~= index, "number \(index) of \(count)")
    return file.withBytes {
      $0.load(at: NumpyHeader.byteCount + index * MemoryLayout<Number>.size, as: Number.self)
    }
  }
}
