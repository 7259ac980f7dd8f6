// SPDX-License-Identifier: Apache-2.0

/// Reads JSON (RFC 8259) step by step without building a tree, so memory holds only what the caller keeps.
///
///     try reader.beginObject()
///     while let key = try reader.nextKey() { /* read or skip one value */ }
///     try reader.finish()
///
/// The reader is strict: UTF-8 only, no byte order mark, no comments, no trailing commas, no lone surrogates. If the
/// text does not match the caller's call, the error gives the place and what was expected. `readValue` refuses
/// duplicate keys; a caller of `nextKey` checks for them itself.
package struct JSONReader {
  private let bytes: ContiguousArray<UInt8>
  private let maximumDepth: Int
  /// The next byte to read.
  package private(set) var offset = 0
  private var depth = 0
  /// Whether a comma must precede the next key or element.
  private var isAfterValue = false

  /// - Throws: `JSONError` for bytes that are not UTF-8.
  package init(_ bytes: ContiguousArray<UInt8>, maximumDepth: Int = 64) throws(JSONError) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    if let invalid = firstInvalidUTF8(in: bytes.span) {
      throw JSONError(.invalidUTF8, at: invalid, in: bytes)
    }
  }

  /// An error at `offset`, by default the current position. Callers use it for problems that they find themselves.
  package func error(_ reason: JSONError.Problem, at offset: Int? = nil) -> JSONError {
    JSONError(reason, at: offset ?? self.offset, in: bytes)
  }

  // MARK: Structure

  package mutating func beginObject() throws(JSONError) {
    try begin(UInt8(ascii: "{"), "an object")
  }

  /// The key of the next member; nil when the object ends. The caller must then read the member's value.
  package mutating func nextKey() throws(JSONError) -> String? {
    guard try !ends(with: UInt8(ascii: "}"), "\",\" or \"}\"") else { return nil }
    guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in quotation marks") }
    let key = try readString()
    skipWhitespace()
    guard peek() == UInt8(ascii: ":") else { throw unexpected("\":\"") }
    offset += 1
    isAfterValue = false
    return key
  }

  package mutating func beginArray() throws(JSONError) {
    try begin(UInt8(ascii: "["), "an array")
  }

  /// Whether an element follows, which the caller must then read; false when the array ends.
  package mutating func nextElement() throws(JSONError) -> Bool {
    try !ends(with: UInt8(ascii: "]"), "\",\" or \"]\"")
  }

  /// Throws unless only white space is left.
  package mutating func finish() throws(JSONError) {
    skipWhitespace()
    if offset < bytes.count { throw error(.trailingContent) }
  }

  private mutating func begin(_ bracket: UInt8, _ what: String) throws(JSONError) {
    skipWhitespace()
    guard peek() == bracket else { throw unexpected(what) }
    guard depth < maximumDepth else { throw error(.tooDeep(limit: maximumDepth)) }
    offset += 1
    depth += 1
    isAfterValue = false
  }

  private mutating func ends(with bracket: UInt8, _ what: String) throws(JSONError) -> Bool {
    skipWhitespace()
    if peek() == bracket {
      offset += 1
      depth -= 1
      isAfterValue = true
      return true
    }
    if isAfterValue {
      guard peek() == UInt8(ascii: ",") else { throw unexpected(what) }
      offset += 1
      skipWhitespace()
    }
    return false
  }

  // MARK: Values

  /// The kind of a value, known from its first byte.
  package enum Kind { case object, array, string, number, bool, null }

  /// The kind of the next value; nil if no value starts here. The value itself is not checked yet.
  package mutating func nextKind() -> Kind? {
    skipWhitespace()
    return switch peek() {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "-"), (UInt8(ascii: "0")...UInt8(ascii: "9"))?: .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
    case UInt8(ascii: "n"): .null
    default: nil
    }
  }

  /// Counts the commas up to the next closing bracket. An array of numbers has one element more.
  package func commasBeforeBracket() -> Int {
    var count = 0
    for byte in bytes[offset...] {
      if byte == UInt8(ascii: "]") { break }
      if byte == UInt8(ascii: ",") { count += 1 }
    }
    return count
  }

  /// The complete next value. `limit` is the maximum number of values in it, which limits the memory.
  package mutating func readValue(limit: Int) throws(JSONError) -> JSONValue {
    var left = limit
    return try readValue(&left, limit)
  }

  private mutating func readValue(_ left: inout Int, _ limit: Int) throws(JSONError) -> JSONValue {
    guard left > 0 else { throw error(.tooManyValues(limit: limit)) }
    left -= 1
    switch nextKind() {
    case .object:
      var object = JSONObject()
      try beginObject()
      while let key = try nextKey() {
        let afterKey = offset
        guard object.append(key, try readValue(&left, limit)) else {
          throw error(.duplicateKey(key), at: afterKey)
        }
      }
      return .object(object)
    case .array:
      var array: [JSONValue] = []
      try beginArray()
      while try nextElement() { array.append(try readValue(&left, limit)) }
      return .array(array)
    case .string: return .string(try readString())
    case .number: return .number(try readNumber())
    case .bool where peek() == UInt8(ascii: "t"): return try readLiteral("true", .bool(true))
    case .bool: return try readLiteral("false", .bool(false))
    case .null: return try readLiteral("null", .null)
    case nil: throw unexpected("a value")
    }
  }

  /// The next value, a string.
  package mutating func readString() throws(JSONError) -> String {
    skipWhitespace()
    guard peek() == UInt8(ascii: "\"") else { throw unexpected("a string") }
    offset += 1
    let start = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        defer { offset += 1 }
        isAfterValue = true
        return String(decoding: bytes[start..<offset], as: UTF8.self)
      case UInt8(ascii: "\\"): return try readEscapedString(from: start)
      case 0..<0x20: throw error(.controlCharacter)
      default: offset += 1
      }
    }
    throw error(.unexpectedEnd)
  }

  /// The next value, a number.
  package mutating func readNumber() throws(JSONError) -> JSONNumber {
    skipWhitespace()
    let start = offset
    if peek() == UInt8(ascii: "-") { offset += 1 }
    if peek() == UInt8(ascii: "0") { offset += 1 } else { try skipDigits() }
    if peek() == UInt8(ascii: ".") {
      offset += 1
      try skipDigits()
    }
    if let e = peek(), e | 0x20 == UInt8(ascii: "e") {
      offset += 1
      if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset += 1 }
      try skipDigits()
    }
    if let next = peek(), isWordByte(next) { throw error(.invalidNumber, at: start) }
    isAfterValue = true
    return JSONNumber(text: String(decoding: bytes[start..<offset], as: UTF8.self))
  }

  private mutating func skipDigits() throws(JSONError) {
    let start = offset
    while let digit = peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit { offset += 1 }
    if offset == start {
      throw offset < bytes.count ? error(.invalidNumber) : error(.unexpectedEnd)
    }
  }

  private mutating func readLiteral(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard bytes[offset...].starts(with: text.utf8) else { throw unexpected("a value") }
    offset += text.utf8.count
    isAfterValue = true
    return value
  }

  // MARK: Bytes

  private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipWhitespace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): offset += 1
      default: return
      }
    }
  }

  private func unexpected(_ expected: String) -> JSONError {
    offset < bytes.count ? error(.expected(expected)) : error(.unexpectedEnd)
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  // MARK: Escapes

  /// The rest of a string that started at `start` and whose first backslash is the next byte.
  private mutating func readEscapedString(from start: Int) throws(JSONError) -> String {
    var text = [UInt8](bytes[start..<offset])
    while offset < bytes.count {
      let byte = bytes[offset]
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        isAfterValue = true
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try readEscape(to: &text)
      case 0..<0x20: throw error(.controlCharacter)
      default:
        text.append(byte)
        offset += 1
      }
    }
    throw error(.unexpectedEnd)
  }

  private mutating func readEscape(to text: inout [UInt8]) throws(JSONError) {
    let start = offset
    guard start + 1 < bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
    let letter = bytes[start + 1]
    offset += 2
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var value = try readHexadecimal(at: start)
      if 0xD800..<0xDC00 ~= value {
        let second = offset
        guard peek() == UInt8(ascii: "\\"), second + 1 < bytes.count, bytes[second + 1] == UInt8(ascii: "u")
        else { throw error(.loneSurrogate, at: start) }
        offset += 2
        let low = try readHexadecimal(at: second)
        guard 0xDC00..<0xE000 ~= low else { throw error(.loneSurrogate, at: start) }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw error(.loneSurrogate, at: start) }
      text.append(contentsOf: UTF8.encode(scalar)!)
    default: throw error(.invalidEscape, at: start)
    }
  }

  private mutating func readHexadecimal(at escape: Int) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek() else { throw error(.unexpectedEnd) }
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error(.invalidEscape, at: escape)
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
