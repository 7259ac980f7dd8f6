// SPDX-License-Identifier: Apache-2.0

/// The header of a file that holds one float32 array, [rows, columns], row-major.
///
/// Its length is the same for any number of rows, so that it can be written first and completed last.
enum ArrayHeader {
  /// NumPy's format, version 1.0: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
  case npy
  /// A safetensors file with the tensor "embeddings": github.com/huggingface/safetensors
  case safetensors

  private static let length = 128

  func bytes(rows: Int, columns: Int) -> [UInt8] {
    switch self {
    case .npy:
      let start = [0x93] + Array("NUMPY".utf8) + [1, 0]
      let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
      let size = UInt16(ArrayHeader.length - start.count - 2)
      return start + littleEndian(size) + padded(dictionary, to: Int(size) - 1) + [UInt8(ascii: "\n")]
    case .safetensors:
      let size = rows * columns * MemoryLayout<Float>.size
      let tensor = #"{"dtype":"F32","shape":[\#(rows),\#(columns)],"data_offsets":[0,\#(size)]}"#
      let object = #"{"embeddings":\#(tensor)}"#
      return littleEndian(UInt64(ArrayHeader.length)) + padded(object, to: ArrayHeader.length)
    }
  }

  private func padded(_ text: String, to length: Int) -> [UInt8] {
    text.utf8 + [UInt8](repeating: UInt8(ascii: " "), count: length - text.utf8.count)
  }

  private func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
