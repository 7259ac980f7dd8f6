// SPDX-License-Identifier: Apache-2.0

/// The counter-based random number generator Philox 4x32 with 10 rounds. It has no state: any number of any stream can
/// be computed directly.
///
/// Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, SC 2011.
package struct Philox: Sendable, Equatable {
  package let key: SIMD2<UInt32>

  package init(key: SIMD2<UInt32>) { self.key = key }

  package init(seed: UInt64) {
    key = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
  }

  /// Four random words, a function of key and counter alone.
  package func block(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    // Word by word: eight times as fast as with vectors, and thirty times in a debug build.
    var (x, y, z, w) = (counter.x, counter.y, counter.z, counter.w), (first, second) = (key.x, key.y)
    for _ in 0..<10 {
      let left = UInt32(0xD251_1F53).multipliedFullWidth(by: x), right = UInt32(0xCD9E_8D57).multipliedFullWidth(by: z)
      (x, y, z, w) = (right.high ^ y ^ first, right.low, left.high ^ w ^ second, left.low)
      first &+= 0x9E37_79B9
      second &+= 0xBB67_AE85
    }
    return SIMD4(x, y, z, w)
  }

  /// An independent generator, determined by key and counter alone.
  package func split(_ counter: SIMD4<UInt32>) -> Philox {
    let words = block(counter)
    return Philox(key: [words.x, words.y])
  }
}
