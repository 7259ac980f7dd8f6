// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Up to sixteen bytes as one number, the first byte lowest, unused bytes 0.
struct ByteWindow: Equatable, BitwiseCopyable, Sendable {
  let bits: UInt128

  static let byteCount = 16

  @inline(__always)
  init(bits: UInt128) { self.bits = bits }

  /// The sixteen bytes at `start`.
  @inline(__always)
  init(_ text: Span<UInt8>, at start: Int) {
    bits = UInt128(littleEndian: text.load(at: start, as: UInt128.self))
  }

  /// Each byte the same.
  @inline(__always)
  init(repeating byte: UInt8) { bits = 0x01010101_01010101_01010101_01010101 &* UInt128(byte) }

  /// The first `count` bytes, at least one.
  @inline(__always)
  func prefix(_ count: Int) -> ByteWindow {
    ByteWindow(bits: bits & (.max &>> UInt128(truncatingIfNeeded: 8 &* (ByteWindow.byteCount &- count))))
  }

  /// The number of bytes before the first that is not an ASCII letter or digit.
  @inline(__always)
  var alphanumericCount: Int {
    // The highest bit of each byte's sum says whether the byte is at least `bound`. No sum carries into the next byte.
    let low = bits & ByteWindow(repeating: 0x7F).bits
    let lowercase = low | ByteWindow(repeating: 0x20).bits
    func isAtLeast(_ bound: Unicode.Scalar, _ bytes: UInt128) -> UInt128 {
      bytes &+ ByteWindow(repeating: 0x80 &- UInt8(truncatingIfNeeded: bound.value)).bits
    }
    let isLetter = isAtLeast("a", lowercase) & ~isAtLeast("{", lowercase)
    let isDigit = isAtLeast("0", low) & ~isAtLeast(":", low)
    let isOther = (~(isLetter | isDigit) | bits) & ByteWindow(repeating: 0x80).bits
    return isOther.trailingZeroBitCount / 8
  }

  /// A hash of the bytes, chained to `previous`, the hash of the bytes before them.
  ///
  /// The folded product of wyhash (Wang Yi, github.com/wangyi-fudan/wyhash).
  @inline(__always)
  func hash(after previous: UInt64 = 0) -> UInt64 {
    let low = UInt64(truncatingIfNeeded: bits) ^ previous ^ 0xA076_1D64_78BD_642F
    let high = UInt64(truncatingIfNeeded: bits &>> 64) ^ 0xE703_7ED1_A0B4_28DB
    let product = low.multipliedFullWidth(by: high)
    return product.high ^ product.low
  }
}
