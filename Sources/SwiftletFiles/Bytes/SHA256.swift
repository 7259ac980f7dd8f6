// SPDX-License-Identifier: Apache-2.0

/// Computes the SHA-256 digest of bytes that arrive in parts of any size.
///
/// NIST: Secure Hash Standard, FIPS 180-4, 2015; names and section numbers are the standard's.
package struct SHA256: Sendable {
  private static let blockSize = 64

  /// H (5.3.3): the first 32 bits of the fractional parts of the square roots of the first eight primes.
  private var hash: SIMD8<UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// The bytes that do not fill a block yet.
  private var pending: ContiguousArray<UInt8> = []
  private var byteCount: UInt64 = 0

  package init() {}

  /// The digest of `bytes` as 64 hexadecimal digits.
  package static func hexDigest(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest()
  }

  /// Adds `bytes` to the message.
  package mutating func update(_ bytes: RawSpan) {
    byteCount += UInt64(bytes.byteCount)
    var start = 0
    if !pending.isEmpty {
      start = min(SHA256.blockSize - pending.count, bytes.byteCount)
      appendPending(bytes.extracting(0..<start))
      if pending.count < SHA256.blockSize { return }
      let block = pending
      block.withRawSpan { compress($0) }
      pending.removeAll(keepingCapacity: true)
    }
    let end = start + (bytes.byteCount - start) / SHA256.blockSize * SHA256.blockSize
    compress(bytes.extracting(start..<end))
    appendPending(bytes.extracting(end..<bytes.byteCount))
  }

  /// Adds `bytes` to the message.
  package mutating func update(_ bytes: [UInt8]) { bytes.withRawSpan { update($0) } }

  private mutating func appendPending(_ bytes: RawSpan) {
    for offset in 0..<bytes.byteCount { pending.append(bytes.load(at: offset, as: UInt8.self)) }
  }

  /// The digest of all bytes, as 64 hexadecimal digits.
  package consuming func hexDigest() -> String {
    // 5.1.1: a one bit, zeros up to 8 bytes short of a block, the length in bits.
    let bitCount = byteCount << 3
    let zeros = (SHA256.blockSize * 2 - 9 - pending.count) % SHA256.blockSize
    let padding = [0x80] + [UInt8](repeating: 0, count: zeros) + SHA256.bigEndianBytes(bitCount)
    update(padding)
    return (0..<8).map { SHA256.hexadecimal(hash[$0]) }.joined()
  }

  // MARK: Blocks

  /// The hash computation (6.2.2) on whole blocks.
  private mutating func compress(_ blocks: RawSpan) {
    guard !blocks.isEmpty else { return }
    var hash = hash
    withTemporarySpan(repeating: UInt32(0), count: 64) { words in
      let constants = SHA256.constants.span
      for start in stride(from: 0, to: blocks.byteCount, by: SHA256.blockSize) {
        SHA256.schedule(blocks.extracting(start..<start + SHA256.blockSize), &words, constants)
        hash &+= SHA256.rounds(words.span, hash)
      }
    }
    self.hash = hash
  }

  /// W_t + K_t of a block.
  private static func schedule(_ block: RawSpan, _ words: inout MutableSpan<UInt32>, _ constants: Span<UInt32>) {
    // Checked once here, so that the compiler can omit the check at each index.
    precondition(block.byteCount == blockSize && words.count == 64 && constants.count == 64)
    var t = 0
    while t < 16 {
      words[t] = UInt32(bigEndian: block.load(at: 4 &* t, as: UInt32.self))
      t &+= 1
    }
    while t < 64 {
      let w15 = words[t &- 15], w2 = words[t &- 2]
      let small0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 &>> 3)
      let small1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 &>> 10)
      words[t] = small1 &+ words[t &- 7] &+ small0 &+ words[t &- 16]
      t &+= 1
    }
    t = 0
    while t < 64 {
      words[t] &+= constants[t]
      t &+= 1
    }
  }

  /// Returns the working variables a to h after 64 rounds. After eight rounds each is back in its own place.
  private static func rounds(_ words: Span<UInt32>, _ hash: SIMD8<UInt32>) -> SIMD8<UInt32> {
    precondition(words.count == 64)
    var (a, b, c, d) = (hash[0], hash[1], hash[2], hash[3])
    var (e, f, g, h) = (hash[4], hash[5], hash[6], hash[7])
    var t = 0
    while t < 64 {
      round(a, b, c, &d, e, f, g, &h, words[t])
      round(h, a, b, &c, d, e, f, &g, words[t &+ 1])
      round(g, h, a, &b, c, d, e, &f, words[t &+ 2])
      round(f, g, h, &a, b, c, d, &e, words[t &+ 3])
      round(e, f, g, &h, a, b, c, &d, words[t &+ 4])
      round(d, e, f, &g, h, a, b, &c, words[t &+ 5])
      round(c, d, e, &f, g, h, a, &b, words[t &+ 6])
      round(b, c, d, &e, f, g, h, &a, words[t &+ 7])
      t &+= 8
    }
    return SIMD8(a, b, c, d, e, f, g, h)
  }

  /// One round. Leaves the next round's a in `h` and its e in `d`.
  @inline(__always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
    _ h: inout UInt32, _ word: UInt32
  ) {
    let large1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    let choice = g ^ (e & (f ^ g))
    let sum = h &+ large1 &+ choice &+ word
    let large0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    let majority = (a & b) | (c & (a | b))
    d &+= sum
    h = sum &+ large0 &+ majority
  }

  @inline(__always)
  private static func rotate(_ x: UInt32, _ count: UInt32) -> UInt32 { x &>> count | x &<< (32 &- count) }

  // MARK: Bytes

  private static func bigEndianBytes(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
  }

  private static func hexadecimal(_ word: UInt32) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }

  /// K (4.2.2): the first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: ContiguousArray<UInt32> = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}
