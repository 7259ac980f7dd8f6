// SPDX-License-Identifier: Apache-2.0

/// Reads the numbers of `UnicodeData`: base-32 digits, lowest first, from "0"; a digit's sixth bit says more
/// follow.
struct PackedNumbers {
  private var cursor: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>

  init(_ data: StaticString) {
    cursor = data.utf8Start
    end = cursor + data.utf8CodeUnitCount
  }

  mutating func next() -> Int? {
    var number = 0
    var shift = 0
    // SAFETY: reads up to `end` only; the text is static.
    while cursor < end {
      let byte = cursor.pointee
      cursor += 1
      guard byte >= 0x30 else { continue }  // a line break
      number |= Int((byte - 0x30) & 31) << shift
      if byte - 0x30 < 32 { return number }
      shift += 5
    }
    return nil
  }

  mutating func nextSigned() -> Int {
    guard let number = next() else { preconditionFailure("UnicodeData ends within a mapping") }
    return number & 1 == 0 ? number / 2 : -(number + 1) / 2
  }
}
