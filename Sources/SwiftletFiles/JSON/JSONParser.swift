// SPDX-License-Identifier: Apache-2.0

/// Parses a whole JSON text (RFC 8259): strict, bounded, never trapping.
///
/// Duplicate keys, lone surrogates, bytes that are not UTF-8 and text after the value are refused.
public enum JSONParser {
  /// The value of a text.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8.
  ///   - maximumDepth: how many objects and arrays may lie inside one another.
  ///   - maximumValues: how many values the text may hold; with some 50 bytes each it bounds the memory.
  /// - Throws: `JSONError` with line, column and byte.
  public static func parse(
    _ bytes: [UInt8], maximumDepth: Int = 64, maximumValues: Int = 4_000_000
  ) throws(JSONError) -> JSONValue {
    try parse(ContiguousArray(bytes), maximumDepth, maximumValues)
  }

  private static func parse(
    _ bytes: ContiguousArray<UInt8>, _ maximumDepth: Int, _ maximumValues: Int
  ) throws(JSONError) -> JSONValue {
    var reader = try JSONReader(bytes, maximumDepth: maximumDepth)
    let value = try reader.readValue(limit: maximumValues)
    try reader.finish()
    return value
  }

  /// The value of a file of at most `limit` bytes.
  ///
  /// - Throws: `FileError`, or `JSONError` that names the file.
  package static func parse(
    path: String, limit: Int, maximumValues: Int = 4_000_000
  ) throws -> JSONValue {
    let bytes = try InputFile(path: path).readAll(limit: limit)
    do {
      return try parse(bytes, 64, maximumValues)
    } catch {
      throw error.inFile(path)
    }
  }
}
