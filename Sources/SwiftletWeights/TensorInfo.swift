// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// The name, type, shape and place of a tensor in a safetensors file. The numbers stay on the disk.
public struct TensorInfo: Sendable {
  /// The name in the file, for example `encoder.layer.0.output.dense.weight`.
  public let name: String
  /// The type of the elements.
  public let dtype: DType
  /// The dimensions, outermost first; empty for a single number.
  public let shape: [Int]
  /// The bytes in the file: row-major, little-endian, without gaps.
  public let byteRange: Range<Int>
  let file: InputFile

  /// The file of the tensor.
  package var path: String { file.path }
  /// The number of elements.
  public var elementCount: Int { byteRange.count * 8 / dtype.bitWidth }

  /// Copies the tensor's bytes from the file.
  ///
  /// - Parameter bytes: room for exactly the bytes of ``byteRange``.
  /// - Throws: ``SwiftletError`` if the file cannot be read, or was cut or written to since it was opened.
  public func read(into bytes: inout MutableRawSpan) throws {
    precondition(bytes.byteCount == byteRange.count, "\(name) has \(byteRange.count) bytes, not \(bytes.byteCount)")
    try read(0..<elementCount, into: &bytes)
  }

  /// Copies the bytes of some elements, none of which may be smaller than a byte.
  package func read(_ elements: Range<Int>, into bytes: inout MutableRawSpan) throws {
    try file.read(at: byteRange.lowerBound + elements.lowerBound * dtype.bitWidth / 8, into: &bytes)
    try file.checkUnchanged()
  }

  /// The file, mapped. The tensor's bytes are at ``byteRange``.
  package func mappedFile() throws -> FileContents { try FileContents(mapping: file) }
}
