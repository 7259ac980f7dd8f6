// SPDX-License-Identifier: Apache-2.0

/// The element types of the safetensors format, with its names and in its order.
public enum DType: String, CaseIterable, Sendable {
  /// Truth values, a byte each.
  case bool = "BOOL"
  /// Floating point of 4 bits, two in a byte.
  case f4 = "F4"
  /// Floating point of 6 bits: 2 of exponent, 3 of mantissa.
  case f6e2m3 = "F6_E2M3"
  /// Floating point of 6 bits: 3 of exponent, 2 of mantissa.
  case f6e3m2 = "F6_E3M2"
  /// Unsigned integers of 8 bits.
  case u8 = "U8"
  /// Signed integers of 8 bits.
  case i8 = "I8"
  /// Floating point of 8 bits: 5 of exponent, 2 of mantissa.
  case f8e5m2 = "F8_E5M2"
  /// Floating point of 8 bits: 4 of exponent, 3 of mantissa, no infinities.
  case f8e4m3 = "F8_E4M3"
  /// Powers of two: 8 bits of exponent, no sign.
  case f8e8m0 = "F8_E8M0"
  /// Floating point of 8 bits: 4 of exponent, 3 of mantissa, no infinities and no negative zero.
  case f8e4m3fnuz = "F8_E4M3FNUZ"
  /// Floating point of 8 bits: 5 of exponent, 2 of mantissa, no infinities and no negative zero.
  case f8e5m2fnuz = "F8_E5M2FNUZ"
  /// Signed integers of 16 bits.
  case i16 = "I16"
  /// Unsigned integers of 16 bits.
  case u16 = "U16"
  /// Floating point of 16 bits: IEEE half precision.
  case f16 = "F16"
  /// Floating point of 16 bits: the upper half of float32.
  case bf16 = "BF16"
  /// Signed integers of 32 bits.
  case i32 = "I32"
  /// Unsigned integers of 32 bits.
  case u32 = "U32"
  /// Floating point of 32 bits: IEEE single precision.
  case f32 = "F32"
  /// Complex numbers of two float32.
  case c64 = "C64"
  /// Floating point of 64 bits: IEEE double precision.
  case f64 = "F64"
  /// Signed integers of 64 bits.
  case i64 = "I64"
  /// Unsigned integers of 64 bits.
  case u64 = "U64"

  /// The bits of one element. F4 and F6 are packed, without gaps.
  public var bitWidth: Int {
    switch self {
    case .f4: 4
    case .f6e2m3, .f6e3m2: 6
    case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .c64, .f64, .i64, .u64: 64
    }
  }
}
