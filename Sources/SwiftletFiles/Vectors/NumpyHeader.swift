// SPDX-License-Identifier: Apache-2.0

/// The header of a NumPy array file (.npy): the type of the numbers and the shape; the numbers follow, row-major.
///
/// numpy.org/doc/stable/reference/generated/numpy.lib.format.html
public struct NumpyHeader: Equatable, Sendable {
  /// The type of a number in NumPy's words, for example `<f4` for float32.
  public let type: String
  /// The extent of each axis.
  public let shape: [Int]
  /// Whether the numbers of a row follow one another; else those of a column do.
  let isRowMajor: Bool

  /// The number of bytes that ``bytes`` has, whatever the shape: so a header can be completed last.
  public static let byteCount = 128

  /// A header of such an array.
  public init(type: String, shape: [Int]) { self.init(type: type, shape: shape, isRowMajor: true) }

  private init(type: String, shape: [Int], isRowMajor: Bool) {
    self.type = type
    self.shape = shape
    self.isRowMajor = isRowMajor
  }

  /// The header in version 1.0 of the format, padded to ``byteCount``.
  public var bytes: [UInt8] {
    let axes = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    let dictionary = "{'descr': '\(type)', 'fortran_order': \(isRowMajor ? "False" : "True"), 'shape': (\(axes)), }"
    let start = NumpyHeader.magic + [1, 0], size = NumpyHeader.byteCount - start.count - 2
    precondition(dictionary.utf8.count < size, "a shape of \(shape.count) axes")
    let padding = [UInt8](repeating: UInt8(ascii: " "), count: size - 1 - dictionary.utf8.count)
    return start + [UInt8(size), 0] + Array(dictionary.utf8) + padding + [UInt8(ascii: "\n")]
  }

  private static let magic = [0x93] + Array("NUMPY".utf8)

  /// The header at the start of a file, in any version of the format, and its size; nil if there is none, or one of
  /// a record type.
  static func parse(_ bytes: [UInt8]) -> (header: NumpyHeader, size: Int)? {
    guard bytes.starts(with: magic), bytes.count >= 12, let lengthSize = [1: 2, 2: 4, 3: 4][bytes[6]] else {
      return nil
    }
    let length = bytes[8..<8 + lengthSize].reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = 8 + lengthSize
    guard length <= bytes.count - start else { return nil }
    var words = Words(String(decoding: bytes[start..<start + length], as: UTF8.self))
    var type: String?, shape: [Int]?, isRowMajor: Bool?
    guard words.take("{") else { return nil }
    while !words.take("}") {
      guard let key = words.quoted(), words.take(":") else { return nil }
      switch key {
      case "descr": type = words.quoted()
      case "fortran_order": isRowMajor = words.take("False") ? true : words.take("True") ? false : nil
      case "shape": shape = words.tuple()
      default: return nil
      }
      _ = words.take(",")
    }
    guard let isRowMajor, let type, let shape else { return nil }
    return (NumpyHeader(type: type, shape: shape, isRowMajor: isRowMajor), start + length)
  }

  /// Reads the few words of Python that a header has.
  private struct Words {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    mutating func take(_ word: String) -> Bool {
      rest = rest.drop { $0 == " " }
      guard rest.hasPrefix(word) else { return false }
      rest = rest.dropFirst(word.count)
      return true
    }

    mutating func quoted() -> String? {
      guard take("'"), let end = rest.firstIndex(of: "'") else { return nil }
      defer { rest = rest[end...].dropFirst() }
      return String(rest[..<end])
    }

    mutating func tuple() -> [Int]? {
      guard take("("), let end = rest.firstIndex(of: ")") else { return nil }
      let parts = rest[..<end].split(separator: ",").map { $0.filter { $0 != " " } }
      rest = rest[end...].dropFirst()
      let numbers = parts.filter { !$0.isEmpty }.compactMap { Int($0) }
      return numbers.count == parts.count { !$0.isEmpty } && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
    }
  }
}
