// SPDX-License-Identifier: Apache-2.0

/// A strict parser for JSON texts (RFC 8259) with limits on depth and size.
///
/// Duplicate keys, lone surrogates, bytes that are not UTF-8 and text after the value are errors. No input traps.
public enum JSONParser {
  /// The value of a text.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8.
  ///   - maximumDepth: the maximum nesting of objects and arrays.
  ///   - maximumValueCount: the maximum number of values. Each takes some 50 bytes, so this limits the memory.
  /// - Throws: ``JSONError`` with line, column and byte.
  public static func parse(
    _ bytes: [UInt8], maximumDepth: Int = 64, maximumValueCount: Int = 4_000_000
  ) throws(JSONError) -> JSONValue {
    try parse(ContiguousArray(bytes), maximumDepth, maximumValueCount)
  }

  private static func parse(
    _ bytes: ContiguousArray<UInt8>, _ maximumDepth: Int, _ maximumValueCount: Int
  ) throws(JSONError) -> JSONValue {
    var reader = try JSONReader(bytes, maximumDepth: maximumDepth)
    let value = try reader.readValue(limit: maximumValueCount)
    try reader.finish()
    return value
  }

  /// The value of a file of at most `limit` bytes.
  ///
  /// - Throws: `FileError`, `ForeignContentError`, or ``JSONError`` with the path of the file.
  package static func parse(
    path: String, limit: Int, maximumValueCount: Int = 4_000_000
  ) throws -> JSONValue {
    let bytes = try InputFile(path: path).readAll(limit: limit)
    do {
      return try parse(bytes, 64, maximumValueCount)
    } catch {
      if let content = ForeignContent(bytes) { throw ForeignContentError(path: path, content: content) }
      throw error.inFile(path)
    }
  }
}
