// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// An open safetensors file: the list of its tensors, whose numbers are read on demand.
///
/// Opening checks that every tensor lies inside the file and has the size of its shape. Several threads may use it at once.
public struct SafetensorsFile: Sendable {
  /// The tensors, in the order in which they lie in the file.
  public let tensors: [TensorInfo]
  /// The texts of the header's `__metadata__`.
  public let metadata: [String: String]
  private let positions: [UTF8Key: Int]

  /// Opens a file and reads its header.
  ///
  /// - Throws: ``SafetensorsError`` if the file is not valid, another ``SwiftletError`` if it cannot be read or is not a
  ///   regular file.
  public init(path: String) throws {
    let file = try InputFile(path: path)
    let header = try SafetensorsHeader(of: file)
    tensors = header.tensors
    metadata = header.metadata
    positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { (UTF8Key($1.name), $0) })
  }

  /// The tensor of this name, compared byte by byte; nil if there is none.
  public subscript(name: String) -> TensorInfo? { positions[UTF8Key(name)].map { tensors[$0] } }

}
