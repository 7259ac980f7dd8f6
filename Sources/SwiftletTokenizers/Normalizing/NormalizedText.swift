// SPDX-License-Identifier: Apache-2.0

/// A stretch of text after the normalizer, for tokenizers that look for added tokens there; all others never
/// make one.
struct NormalizedText {
  /// UTF-8.
  private(set) var bytes: [UInt8] = []
  /// Where the scalar of each byte comes from in the text.
  private(set) var origins: [Range<Int>] = []

  mutating func append(_ scalar: UInt32, from origin: Range<Int>) {
    guard let scalar = Unicode.Scalar(scalar) else { preconditionFailure("\(scalar) is no Unicode scalar") }
    bytes += UTF8.encode(scalar)!
    while origins.count < bytes.count { origins.append(origin) }
  }
}
