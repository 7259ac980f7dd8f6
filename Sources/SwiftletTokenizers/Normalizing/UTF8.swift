// SPDX-License-Identifier: Apache-2.0

extension Span<UInt8> {
  /// The scalar that starts at `index` and its length in bytes.
  ///
  /// Bytes that are not well-formed UTF-8 (overlong forms, surrogates, cut sequences) are an error with the offset of
  /// the first of them. Nothing is repaired.
  @inline(__always)
  func scalar(at index: Int) throws(TokenizerError) -> (value: UInt32, byteCount: Int) {
    let first = UInt32(self[index])
    if first < 0x80 { return (first, 1) }
    let byteCount = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard first >= 0xC2, first < 0xF5, byteCount <= count - index else { throw .invalidUTF8(offset: index) }
    var value = first & (0x7F >> UInt32(byteCount))
    for k in 1..<byteCount {
      let next = UInt32(self[index + k])
      guard next & 0xC0 == 0x80 else { throw .invalidUTF8(offset: index) }
      value = value << 6 | next & 0x3F
    }
    let isShortest = value >= (byteCount == 3 ? 0x800 : byteCount == 4 ? 0x10000 : 0x80)
    guard isShortest, value <= 0x10FFFF, !(0xD800..<0xE000 ~= value) else {
      throw .invalidUTF8(offset: index)
    }
    return (value, byteCount)
  }

  /// The error for the first bytes that are not UTF-8, where a reader may have met others before.
  func first(_ error: TokenizerError) -> TokenizerError {
    guard case .invalidUTF8 = error else { return error }
    var index = 0
    do throws(TokenizerError) {
      while index < count { index += try scalar(at: index).byteCount }
    } catch { return error }
    return error
  }
}

/// The UTF-8 of a scalar, its first byte the lowest, and the number of bytes.
@inline(__always)
func utf8Bytes(of scalar: UInt32) -> (bytes: UInt32, count: Int) {
  func continuation(_ shift: UInt32) -> UInt32 { scalar >> shift & 0x3F | 0x80 }
  return switch scalar {
  case ..<0x80: (scalar, 1)
  case ..<0x800: (scalar >> 6 | 0xC0 | continuation(0) << 8, 2)
  case ..<0x10000: (scalar >> 12 | 0xE0 | continuation(6) << 8 | continuation(0) << 16, 3)
  default:
    (scalar >> 18 | 0xF0 | continuation(12) << 8 | continuation(6) << 16 | continuation(0) << 24, 4)
  }
}
