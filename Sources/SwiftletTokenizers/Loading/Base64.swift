// SPDX-License-Identifier: Apache-2.0

/// Decodes base64 (RFC 4648, section 4), padding included; nil if the text is anything else.
func bytesOfBase64(_ text: String) -> ContiguousArray<UInt8>? {
  let digits = ContiguousArray(text.utf8)
  guard digits.count % 4 == 0 else { return nil }
  let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
  guard padding <= 2 else { return nil }
  var bytes: ContiguousArray<UInt8> = []
  bytes.reserveCapacity(digits.count / 4 * 3)
  var bits: UInt32 = 0
  for (index, digit) in digits.dropLast(padding).enumerated() {
    guard let value = sextet(digit) else { return nil }
    bits = bits << 6 | value
    // Each digit but the first of four completes a byte.
    switch index % 4 {
    case 1: bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
    case 2: bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
    case 3: bytes.append(UInt8(truncatingIfNeeded: bits))
    default: break
    }
  }
  // The unused low bits of the last digit must be zero.
  let extra: UInt32 = padding == 1 ? 0x3 : padding == 2 ? 0xF : 0
  return bits & extra == 0 ? bytes : nil
}

private func sextet(_ digit: UInt8) -> UInt32? {
  switch digit {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
  case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
  case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
  case UInt8(ascii: "+"): 62
  case UInt8(ascii: "/"): 63
  default: nil
  }
}
