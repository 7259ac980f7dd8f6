// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// An open safetensors file: its tensors are listed and validated, their numbers are read when asked for.
///
/// Safe to use from several threads at once. Before anything is read into memory the header has shown that every
/// tensor lies inside the file and has the size of its shape.
public struct SafetensorsFile: Sendable {
  /// The tensors, in the order in which they lie in the file.
  public let tensors: [TensorInfo]
  /// The texts of the header's `__metadata__`.
  public let metadata: [String: String]
  private let positions: [UTF8Key: Int]

  /// Opens a file and reads its header.
  ///
  /// - Throws: `FileError` if it cannot be read or is not a regular file, `SafetensorsError` if it is not valid.
  public init(path: String) throws {
    let file = try InputFile(path: path)
    let header = try SafetensorsHeader(of: file)
    tensors = header.tensors
    metadata = header.metadata
    positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { (UTF8Key($1.name), $0) })
  }

  /// The tensor of this name, byte for byte; nil if there is none.
  public subscript(name: String) -> TensorInfo? { positions[UTF8Key(name)].map { tensors[$0] } }

  /// Copies the bytes of one of the file's tensors, as many as its `byteRange` has.
  ///
  /// - Parameter bytes: room for exactly these bytes.
  /// - Throws: `FileError`, also when the file was cut or written to since it was opened.
  public func read(_ tensor: TensorInfo, into bytes: inout MutableRawSpan) throws(FileError) {
    try tensor.read(into: &bytes)
  }
}
