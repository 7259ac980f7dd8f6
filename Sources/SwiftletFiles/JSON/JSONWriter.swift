// SPDX-License-Identifier: Apache-2.0

/// Writes JSON as UTF-8 bytes: the same value gives the same bytes everywhere.
public enum JSONWriter {
  /// Appends a string in quotation marks. Only `"`, `\` and control characters are escaped, as JSON demands.
  public static func append(_ string: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0x08: output += "\\b".utf8
      case 0x0C: output += "\\f".utf8
      case UInt8(ascii: "\n"): output += "\\n".utf8
      case UInt8(ascii: "\r"): output += "\\r".utf8
      case UInt8(ascii: "\t"): output += "\\t".utf8
      case 0..<0x10: output += "\\u000\(String(byte, radix: 16))".utf8
      case 0x10..<0x20: output += "\\u00\(String(byte, radix: 16))".utf8
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  /// Appends a value on one line. If `indented`, each member has a line of its own, with two spaces for each level.
  public static func append(_ value: JSONValue, indented: Bool = false, to output: inout [UInt8]) {
    append(value, indented ? 0 : nil, to: &output)
  }

  private static func append(_ value: JSONValue, _ level: Int?, to output: inout [UInt8]) {
    switch value {
    case .null: output += "null".utf8
    case .bool(let value): output += "\(value)".utf8
    case .number(let number): output += number.text.utf8
    case .string(let string): append(string, to: &output)
    case .array(let elements):
      list(elements, "[", "]", level, to: &output) { element, level, output in
        append(element, level, to: &output)
      }
    case .object(let object):
      list(object.members, "{", "}", level, to: &output) { member, level, output in
        append(member.key, to: &output)
        output += (level == nil ? ":" : ": ").utf8
        append(member.value, level, to: &output)
      }
    }
  }

  private static func list<Element>(
    _ elements: [Element], _ open: String, _ close: String, _ level: Int?, to output: inout [UInt8],
    _ appendElement: (Element, Int?, inout [UInt8]) -> Void
  ) {
    func breakLine(_ level: Int?) {
      if let level { output += "\n\(String(repeating: "  ", count: level))".utf8 }
    }
    output += open.utf8
    for (i, element) in elements.enumerated() {
      if i > 0 { output.append(UInt8(ascii: ",")) }
      breakLine(level.map { $0 + 1 })
      appendElement(element, level.map { $0 + 1 }, &output)
    }
    if !elements.isEmpty { breakLine(level) }
    output += close.utf8
  }
}

extension JSONValue {
  /// Writes an indented file atomically.
  package func write(to path: String) throws {
    var bytes: [UInt8] = []
    JSONWriter.append(self, indented: true, to: &bytes)
    try AtomicFile.write(bytes + [UInt8(ascii: "\n")], to: path)
  }
}
