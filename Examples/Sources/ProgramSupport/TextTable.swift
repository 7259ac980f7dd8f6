// SPDX-License-Identifier: Apache-2.0

// The parts of tables for people to read.

/// The text on one line, its end cut off if it is long.
package func label(_ text: String, limit: Int) -> String {
  let line = String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
  return line.count <= limit ? line : line.prefix(limit - 1) + "…"
}

/// Three decimals, or the shortest form of a number that is too large for them.
package func fixedPoint(_ value: Float) -> String {
  guard abs(value) < 1e12 else { return "\(value)" }
  let thousandths = Int((abs(value) * 1000).rounded())
  let decimals = "\(1000 + thousandths % 1000)".dropFirst()
  return "\(value < 0 && thousandths > 0 ? "-" : "")\(thousandths / 1000).\(decimals)"
}

/// Spaces before `text`, to `width` characters.
package func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}
