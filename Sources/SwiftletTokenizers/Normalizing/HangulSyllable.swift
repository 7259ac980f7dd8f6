// SPDX-License-Identifier: Apache-2.0

/// Canonical decomposition of Hangul by arithmetic.
///
/// The Unicode Standard, section 3.12, "Conjoining Jamo Behavior".
enum HangulSyllable {
  static func contains(_ scalar: UInt32) -> Bool { scalar &- 0xAC00 < 11172 }

  /// Leading consonant, vowel and, if there is one, trailing consonant.
  static func decomposition(_ scalar: UInt32) -> (leading: UInt32, vowel: UInt32, trailing: UInt32?) {
    let index = scalar - 0xAC00
    let trailing = index % 28
    return (0x1100 + index / 588, 0x1161 + index % 588 / 28, trailing == 0 ? nil : 0x11A7 + trailing)
  }
}
