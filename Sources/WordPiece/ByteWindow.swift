// SPDX-License-Identifier: Apache-2.0

/// Sixteen bytes in a row as one number, the first byte lowest: what holds for each byte is found out for all of them
/// at once, without SIMD types, which are slow in a debug build.
struct ByteWindow: Equatable, BitwiseCopyable {
  let bits: UInt128

  static let byteCount = 16

  @inline(__always)
  init(bits: UInt128) { self.bits = bits }

  /// The bytes from `start` on, all sixteen of which can be read.
  @inline(__always)
  init(at start: UnsafePointer<UInt8>) {
    bits = UInt128(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt128.self))
  }

  /// Each byte the same.
  @inline(__always)
  init(repeating byte: UInt8) { bits = 0x01010101_01010101_01010101_01010101 &* UInt128(byte) }

  /// The first `count` bytes, from 1 to 16; the others 0.
  @inline(__always)
  func prefix(_ count: Int) -> ByteWindow {
    ByteWindow(bits: bits & (.max &>> UInt128(truncatingIfNeeded: 128 &- 8 &* count)))
  }

  /// How many bytes there are before the first that is no letter or digit of ASCII.
  @inline(__always)
  var alphanumericCount: Int {
    // A sum's highest bit says whether the byte is at least so much; no sum carries into the next byte.
    let sevenBits = bits & ByteWindow(repeating: 0x7F).bits
    let lowercase = sevenBits | ByteWindow(repeating: 0x20).bits
    func isAtLeast(_ bound: UInt8, _ bytes: UInt128) -> UInt128 { bytes &+ ByteWindow(repeating: 0x80 - bound).bits }
    let isLetter = isAtLeast(UInt8(ascii: "a"), lowercase) & ~isAtLeast(UInt8(ascii: "z") + 1, lowercase)
    let isDigit = isAtLeast(UInt8(ascii: "0"), sevenBits) & ~isAtLeast(UInt8(ascii: "9") + 1, sevenBits)
    let isOther = (~(isLetter | isDigit) | bits) & ByteWindow(repeating: 0x80).bits
    return isOther.trailingZeroBitCount / 8
  }

  /// Letters and digits of ASCII in lowercase.
  @inline(__always)
  var lowercasedAlphanumerics: ByteWindow { ByteWindow(bits: bits | ByteWindow(repeating: 0x20).bits) }

  /// A hash of the bytes and of `previous`, that of the bytes before them.
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
