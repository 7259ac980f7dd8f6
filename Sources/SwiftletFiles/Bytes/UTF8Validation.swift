// SPDX-License-Identifier: Apache-2.0

/// The offset of the first byte that is not part of well-formed UTF-8 (Unicode 16, table 3-7), nil if all are.
///
/// Overlong forms, surrogates and values past U+10FFFF are not well-formed. Nothing is repaired.
package func firstInvalidUTF8(in bytes: Span<UInt8>) -> Int? {
  let count = bytes.count
  var i = 0
  while i < count {
    if i + 8 <= count, bytes.load(at: i, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
      i += 8
      continue
    }
    let first = bytes[i]
    if first < 0x80 {
      i += 1
      continue
    }
    // The second byte's range depends on the first; the others are 80...BF.
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return i
    }
    guard i + length <= count, second.contains(bytes[i + 1]) else { return i }
    for k in 2..<max(length, 2) where bytes[i + k] & 0xC0 != 0x80 { return i }
    i += length
  }
  return nil
}
