// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The header of a file that holds one float32 array, [rows, columns], row-major.
///
/// Its length is the same for any number of rows, so that it can be written first and completed last.
enum ArrayHeader {
  case npy
  /// A safetensors file with the tensor "embeddings": github.com/huggingface/safetensors
  case safetensors

  private static let length = 128

  func bytes(rows: Int, columns: Int) -> [UInt8] {
    switch self {
    case .npy: return NumpyHeader(type: "<f4", shape: [rows, columns]).bytes
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
