// SPDX-License-Identifier: Apache-2.0

/// A character that separates the fields of a table, with its names in messages.
package struct FieldSeparator: Equatable, Sendable {
  /// The character: ASCII, but no quotation mark and no line end.
  package let scalar: Unicode.Scalar

  package init(_ scalar: Unicode.Scalar) {
    let isPossible = scalar.isASCII && !["\"", "\n", "\r"].contains(scalar)
    precondition(isPossible, "U+\(String(scalar.value, radix: 16)) cannot separate fields")
    self.scalar = scalar
  }

  package static let comma = FieldSeparator(","), tab = FieldSeparator("\t")

  /// The separators of tables that people have, the least likely to stand in a text first.
  package static let usual = [tab, FieldSeparator("|"), FieldSeparator(";"), comma]

  var byte: UInt8 { UInt8(ascii: scalar) }

  /// The plural in words, for example `semicolons`.
  package var plural: String {
    switch scalar {
    case ",": "commas"
    case "\t": "tabs"
    case ";": "semicolons"
    case "|": "vertical bars"
    default: "the character \(name)"
    }
  }

  /// The character as a message shows it.
  package var name: String { scalar == "\t" ? "tab" : quoted(String(scalar)) }

  /// Splits a line at each separator, whether quoted or not.
  package func split(_ line: String) -> [String] {
    line.utf8.split(separator: byte, omittingEmptySubsequences: false).map { String(Substring($0)) }
  }

  /// Whether a text has this character.
  package func isIn(_ text: String) -> Bool { text.utf8.contains(byte) }
}
