// SPDX-License-Identifier: Apache-2.0

/// Escapes untrusted text for a one-line message. Control, format, line-separating, private-use and unassigned scalars
/// become `\u{…}`. A text of more than `limit` scalars is cut and ends in `…`.
package func escaped(_ text: String, limit: Int = 1000) -> String {
  var result = ""
  var rest = text.unicodeScalars[...]
  for _ in 0..<limit {
    guard let scalar = rest.popFirst() else { return result }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
      result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return rest.isEmpty ? result : result + "…"
}

/// Quotes an untrusted name, escaped and cut to 80 scalars.
package func quoted(_ text: String) -> String {
  "\"\(escaped(text, limit: 80))\""
}
