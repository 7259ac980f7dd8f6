// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import TestSupport
import Testing

/// Sums of rounded numbers against integer arithmetic, on every CPU path.
@Suite struct RoundedSumsTests {
  private static let sizes = Array(0...35) + [1000]

  /// x 2^44, half to even: exact in double.
  private func rounded(_ x: Float) -> Int64 { Int64((Double(x) * 0x1p44).rounded(.toNearestOrEven)) }

  /// Numbers of all magnitudes below 2^10, ties between two integers among them.
  private func mixed(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { index in
      let sign: FloatingPointSign = Bool.random(using: &random) ? .minus : .plus
      switch index % 5 {
      case 0:
        return Float(sign: sign, exponent: -45, significand: Float(2 * Int.random(in: 0...500, using: &random) + 1))
      case 1: return Float(sign: sign, exponent: -149, significand: 1)
      case 2: return sign == .minus ? -0.0 : 0
      default:
        let exponent = Int.random(in: -60...9, using: &random)
        return Float(sign: sign, exponent: exponent, significand: Float.random(in: 1..<2, using: &random))
      }
    }
  }

  @Test(arguments: sizes) func sumsAreThoseOfIntegers(count: Int) {
    let blocks = (0..<4).map { mixed(count, seed: UInt64(10 * count + $0)) }
    let expected = (0..<count).map { index in blocks.reduce(0) { $0 + rounded($1[index]) } }
    for kernels in Kernels.available {
      for order in [[0, 1, 2, 3], [2, 0, 3, 1]] {
        let sums = RoundedSums(count: count + 3)
        for block in order {
          let x = Tensor(blocks[block], shape: [count]).vector
          #expect(kernels.move(x, to: sums, at: 2, limit: 1024) == 0)
          #expect(x.values.allSatisfy { $0.bitPattern == 0 })
        }
        let integers = sums.withMutableSpan { sums in sums.indices.map { sums[$0] } }
        #expect(integers == [0, 0] + expected + [0], "\(kernels.path)")
        let result = Tensor(uninitialized: [count]).vector
        kernels.take(sums, at: 2, into: result)
        #expect(result.values == expected.map { Float($0) * 0x1p-44 }, "\(kernels.path)")
        #expect(sums.withMutableSpan { sums in sums.indices.allSatisfy { sums[$0] == 0 } })
      }
    }
  }

  /// A sum is rounded once: twice, by way of a double, would give another number.
  @Test func totalsAreRoundedOnce() {
    // Just above and just below the middle of two float32 numbers, by less than a double of this size can tell.
    let middle: Int64 = (1 << 61) + (1 << 37)
    let totals: [Int64] = [
      middle + 1, middle, middle - 1, -middle - 1, -middle, -middle + 1, (1 << 53) + (1 << 29) + 1,
    ]
    for total in totals {
      for kernels in Kernels.available {
        let sums = RoundedSums(count: 1), result = Tensor([0], shape: [1]).vector
        sums.withMutableSpan { $0[0] = total }
        kernels.take(sums, at: 0, into: result)
        #expect(result[0] == Float(total) * 0x1p-44, "\(total), \(kernels.path)")
      }
    }
  }

  @Test func numbersBeyondTheLimitAreCountedAndLeftOut() {
    let numbers: [Float] = [4, -4, Float(4).nextDown, -Float(4).nextDown, .nan, .infinity, -.infinity, 1]
    for kernels in Kernels.available {
      for shift in 0..<17 {
        let sums = RoundedSums(count: 8 + shift)
        let x = Tensor([Float](repeating: 1, count: shift) + numbers, shape: [8 + shift]).vector
        #expect(kernels.move(x, to: sums, at: 0, limit: 4) == 5)
        let kept = sums.withMutableSpan { sums in sums.indices.suffix(8).map { sums[$0] } }
        #expect(kept == [0, 0, rounded(Float(4).nextDown), -rounded(Float(4).nextDown), 0, 0, 0, 1 << 44])
      }
    }
  }

  /// The largest numbers that a limit allows do not overflow.
  @Test(arguments: [1, 2, 3, 1000]) func manyLargeNumbersFit(count: Int) {
    let largest = Float(RoundedSums.limit / Double(count)).nextDown
    for kernels in Kernels.available {
      let sums = RoundedSums(count: 1)
      for _ in 0..<count {
        let x = Tensor([-largest], shape: [1]).vector
        #expect(kernels.move(x, to: sums, at: 0, limit: largest.nextUp) == 0)
      }
      #expect(sums.withMutableSpan { $0[0] } == -Int64(count) * rounded(largest))
    }
  }
}
