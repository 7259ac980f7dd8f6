// SPDX-License-Identifier: Apache-2.0

/// Reads vectors of float32 numbers from a file one by one. Memory does not grow with the file.
public struct VectorReader: ~Copyable {
  /// How vectors are written.
  public enum Format: String, Sendable, CaseIterable {
    /// A NumPy array `[count, dimension]` of type float32, row-major.
    case npy
    /// Each vector after its length, a 32-bit integer: the form of the TEXMEX benchmarks (corpus-texmex.irisa.fr).
    case fvecs
  }

  /// The length of the vectors; 0 if there are none.
  public let dimension: Int

  /// The number of vectors.
  public let count: Int

  /// The number of vectors read so far.
  public private(set) var position = 0

  private let file: InputFile
  private let format: Format
  /// Where the first vector begins.
  private let start: Int

  private static let maximumHeaderSize = 1 << 16

  /// Opens a file and reads how many vectors of what length it has.
  ///
  /// - Parameters:
  ///   - path: a regular file.
  ///   - format: how the vectors are written.
  /// - Throws: a ``SwiftletError`` if the file cannot be read or is not of the format.
  public init(path: String, format: Format) throws {
    let file = try InputFile(path: path), layout = try Layout(file, format)
    self.file = file
    self.format = format
    count = layout.count
    dimension = layout.dimension
    start = layout.start
  }

  /// Where the vectors are in a file.
  private struct Layout {
    var count = 0
    var dimension = 0
    var start = 0

    init(_ file: InputFile, _ format: Format) throws {
      let perVector: Int
      switch format {
      case .npy:
        let beginning = try file.read(at: 0, count: min(file.size, VectorReader.maximumHeaderSize))
        guard let (header, size) = NumpyHeader.parse(Array(beginning)) else {
          throw VectorFileError(path: file.path, problem: .notOfFormat(format))
        }
        guard header.type == "<f4", header.shape.count == 2, header.isRowMajor else {
          throw VectorFileError(path: file.path, problem: .array(header))
        }
        count = header.shape[0]
        dimension = header.shape[1]
        start = size
        perVector = dimension
      case .fvecs:
        dimension = Int(try VectorReader.length(file, at: 0))
        perVector = dimension + 1
        count = dimension > 0 ? file.size / (4 * perVector) : 0
      }
      let (numbers, overflow) = count.multipliedReportingOverflow(by: perVector)
      guard !overflow, numbers <= file.size / 4, start + 4 * numbers == file.size, count == 0 || dimension > 0 else {
        throw VectorFileError(path: file.path, problem: .size(file.size, count: count, dimension: dimension))
      }
      if format == .fvecs { start = 4 }
    }
  }

  private static func length(_ file: InputFile, at offset: Int) throws -> Int32 {
    guard offset + 4 <= file.size else { return 0 }
    let bytes = try file.read(at: offset, count: 4), length = bytes.span.load(at: 0, as: Int32.self)
    return max(0, min(length, 1 << 20))
  }

  /// The next vector; nil after the last.
  ///
  /// - Throws: a ``SwiftletError`` if the file cannot be read, or a vector has another length than the first.
  public mutating func next() throws -> [Float]? {
    guard position < count else { return nil }
    let stride = 4 * dimension + (format == .fvecs ? 4 : 0), offset = start + position * stride
    if format == .fvecs {
      let length = Int(try VectorReader.length(file, at: offset - 4))
      guard length == dimension else {
        throw VectorFileError(path: file.path, problem: .length(length, vector: position, first: dimension))
      }
    }
    position += 1
    let bytes = try file.read(at: offset, count: 4 * dimension)
    return (0..<dimension).map { Float(bitPattern: bytes.span.load(at: 4 * $0, as: UInt32.self)) }
  }
}

/// A file of vectors that is not what it should be.
package struct VectorFileError: SwiftletError, Equatable {
  enum Problem: Equatable {
    case notOfFormat(VectorReader.Format)
    case array(NumpyHeader)
    case size(Int, count: Int, dimension: Int)
    case length(Int, vector: Int, first: Int)
  }

  package let path: String?

  let problem: Problem

  package var reason: String {
    switch problem {
    case .notOfFormat(let format): "is no \(format.rawValue) file"
    case .array(let header):
      "holds an array \(header.shape) of type \(quoted(header.type))\(header.isRowMajor ? "" : ", column-major")"
    case .size(let size, let count, let dimension):
      "has \(size) bytes, not those of \(count) vectors of \(dimension) elements"
    case .length(let length, let vector, let first):
      "vector \(vector) has \(length) elements, where the first has \(first)"
    }
  }

  package var remedy: String {
    switch problem {
    case .notOfFormat: "check its format"
    case .array: "save numpy.ascontiguousarray(vectors, dtype=numpy.float32), a vector a row"
    case .size, .length: "write it again"
    }
  }
}
