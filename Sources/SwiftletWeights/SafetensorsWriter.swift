// SPDX-License-Identifier: Apache-2.0

public import SwiftletFiles

/// Writes safetensors files: equal tensors give equal bytes, and the file appears only once it is complete.
///
/// The bytes are those of the reference writer: tensors lie by falling type in ``DType``'s order, then by the bytes
/// of their names, and the header is padded with spaces to a multiple of 8. So every tensor starts at a multiple
/// of its element's size.
public enum SafetensorsWriter {
  /// A tensor to be written.
  public struct Tensor: Sendable {
    /// The name.
    public let name: String
    /// The type of the elements; whole bytes each.
    public let dtype: DType
    /// The dimensions, outermost first.
    public let shape: [Int]

    /// A tensor to be written.
    public init(name: String, dtype: DType, shape: [Int]) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }

    /// The bytes of the tensor.
    public var byteCount: Int { shape.reduce(dtype.bitWidth / 8, *) }
  }

  /// Writes a file.
  ///
  /// - Parameters:
  ///   - path: where; a file that lies there is replaced when the new one is complete.
  ///   - tensors: in any order, each name once.
  ///   - metadata: texts for the header; Python's libraries expect `["format": "pt"]`.
  ///   - writeBytes: called for each tensor in the order of the file, to pass its bytes (row-major,
  ///     little-endian) to `append`, in pieces if it likes.
  /// - Throws: `FileError`, or what `writeBytes` throws; what lay at `path` is then still there.
  public static func write(
    _ tensors: [Tensor], metadata: [String: String] = [:], to path: String,
    writeBytes: (Tensor, _ append: (RawSpan) throws(FileError) -> Void) throws -> Void
  ) throws {
    let rank = Dictionary(uniqueKeysWithValues: DType.allCases.enumerated().map { ($1, -$0) })
    let ordered = tensors.sorted {
      (rank[$0.dtype]!, UTF8Key($0.name)) < (rank[$1.dtype]!, UTF8Key($1.name))
    }
    var file = try AtomicFile(path: path)
    try file.write(header(ordered, metadata))
    for tensor in ordered {
      var left = tensor.byteCount
      try writeBytes(tensor) { bytes throws(FileError) in
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
