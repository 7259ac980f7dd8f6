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
    try read(0..<elementCount, into: &bytes)
  }

  /// Copies the bytes of some elements, which begin and end with a byte.
  package func read(_ elements: Range<Int>, into bytes: inout MutableRawSpan) throws {
    let bits = elements.lowerBound * dtype.bitWidth..<elements.upperBound * dtype.bitWidth
    precondition(
      elements.lowerBound >= 0 && elements.upperBound <= elementCount && bits.lowerBound.isMultiple(of: 8)
        && bytes.byteCount * 8 == bits.count,
      "\(bytes.byteCount) bytes for elements \(elements) of \(name), which has \(byteRange.count) bytes")
    try file.read(at: byteRange.lowerBound + bits.lowerBound / 8, into: &bytes)
    try file.checkUnchanged()
  }

  /// The file, mapped. The tensor's bytes are at ``byteRange``.
  package func mappedFile() throws -> FileContents { try FileContents(mapping: file) }
}
