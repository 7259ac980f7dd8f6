// SPDX-License-Identifier: Apache-2.0

/// With at most so many decimals, none of them a zero at the end.
func decimals(_ number: Double, _ count: Int) -> String {
  var text = fixed(number, count)
  guard text.contains(".") else { return text }
  while text.hasSuffix("0") { text.removeLast() }
  if text.hasSuffix(".") { text.removeLast() }
  return text
}

/// With so many decimals.
package func fixed(_ number: Double, _ count: Int) -> String {
  let unit = (0..<count).reduce(1) { power, _ in power * 10 }
  guard number.isFinite, abs(number) * Double(unit) < 1e15 else { return "\(number)" }
  let units = Int((abs(number) * Double(unit)).rounded())
  let sign = number < 0 && units > 0 ? "-" : ""
  return count == 0 ? "\(sign)\(units)" : "\(sign)\(units / unit).\("\(unit + units % unit)".dropFirst())"
}

/// Thousands set apart: 12,345.
func grouped(_ number: Int) -> String {
  var digits = "\(number.magnitude)", groups: [String] = []
  while digits.count > 3 {
    groups.insert(String(digits.suffix(3)), at: 0)
    digits.removeLast(3)
  }
  return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}

/// As `1 text`, `2 texts`.
func counted(_ count: Int, _ noun: String) -> String { "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")" }

/// A part of the whole, as `12.3%`.
func percent(_ part: Double) -> String { fixed(part * 100, 1) + "%" }
