// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Writes safetensors files: equal tensors give equal bytes, and the file appears only once it is complete.
///
/// The bytes equal those of the reference writer: tensors are sorted by type, the last of ``DType`` first, then by the
/// bytes of their names. Spaces pad the header to a multiple of 8 bytes, so every tensor starts at a multiple of its
/// element's size.
public enum SafetensorsWriter {
  /// A tensor to be written.
  public struct Tensor: Sendable {
    /// The name.
    public let name: String
    /// The type of the elements, which must be whole bytes.
    public let dtype: DType
    /// The dimensions, outermost first.
    public let shape: [Int]

    /// A tensor to be written.
    public init(name: String, dtype: DType, shape: [Int]) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }

    /// The number of bytes of the tensor.
    public var byteCount: Int { shape.reduce(dtype.bitWidth / 8, *) }
  }

  /// Writes a file.
  ///
  /// - Parameters:
  ///   - path: the file. An earlier file is replaced when the new one is complete.
  ///   - tensors: the tensors, in any order, each name once.
  ///   - metadata: texts for the header; Python's libraries expect `["format": "pt"]`.
  ///   - writeBytes: called for each tensor in the order of the file. It passes the bytes (row-major, little-endian) to
  ///     `append`, in one or more pieces.
  /// - Throws: ``SwiftletError`` if the file cannot be written, or the error of `writeBytes`. An earlier file at `path` is
  ///   then unchanged.
  public static func write(
    _ tensors: [Tensor], metadata: [String: String] = [:], to path: String,
    writeBytes: (Tensor, _ append: (RawSpan) throws -> Void) throws -> Void
  ) throws {
    let rank = Dictionary(uniqueKeysWithValues: DType.allCases.enumerated().map { ($1, -$0) })
    let ordered = tensors.sorted {
      (rank[$0.dtype]!, UTF8Key($0.name)) < (rank[$1.dtype]!, UTF8Key($1.name))
    }
    var file = try AtomicFile(path: path)
    try file.write(header(ordered, metadata))
    for tensor in ordered {
      var left = tensor.byteCount
      try writeBytes(tensor) { bytes in
        left -= bytes.byteCount
        precondition(left >= 0, "too many bytes for \(tensor.name)")
        try file.write(bytes)
      }
      precondition(left == 0, "\(left) bytes of \(tensor.name) were not written")
    }
    try file.commit()
  }

  private static func header(_ tensors: [Tensor], _ metadata: [String: String]) -> [UInt8] {
    var members = JSONObject()
    if !metadata.isEmpty {
      var texts = JSONObject()
      for (key, text) in metadata.sorted(by: { UTF8Key($0.key) < UTF8Key($1.key) }) {
        texts[key] = .string(text)
      }
      members["__metadata__"] = .object(texts)
    }
    var offset = 0
    for tensor in tensors {
      precondition(tensor.dtype.bitWidth % 8 == 0, "\(tensor.dtype) has no whole bytes")
      precondition(members[tensor.name] == nil, "the name \(tensor.name) is given twice or reserved")
      let end = offset + tensor.byteCount
      members[tensor.name] = .object([
        "dtype": .string(tensor.dtype.rawValue),
        "shape": .array(tensor.shape.map { .number(JSONNumber($0)) }),
        "data_offsets": .array([.number(JSONNumber(offset)), .number(JSONNumber(end))]),
      ])
      offset = end
    }
    var json: [UInt8] = []
    JSONWriter.append(.object(members), to: &json)
    json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    return (0..<8).map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) } + json
  }
}
