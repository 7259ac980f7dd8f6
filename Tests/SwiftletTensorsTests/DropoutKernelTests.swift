// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors
import Testing

/// Dropout against `Philox`, word by word.
@Suite struct DropoutKernelTests {
  private let key: SIMD2<UInt32> = [0xdead_beef, 0x1234_5678]
  private let counter: [UInt32] = [5, 0xffff_ffff, 7]

  /// Word w of the block at (b, counter) belongs to element 64 (b / 16) + 16 w + b mod 16.
  private func words(_ count: Int) -> [UInt32] {
    let philox = Philox(key: key)
    var words = [UInt32](repeating: 0, count: (count + 63) / 64 * 64)
    for block in 0..<words.count / 4 {
      let four = philox.block([UInt32(block), counter[0], counter[1], counter[2]])
      for word in 0..<4 { words[block / 16 * 64 + word * 16 + block % 16] = four[word] }
    }
    return Array(words.prefix(count))
  }

  private func dropped(_ x: [Float], _ threshold: UInt32, _ scale: Float, by kernels: Kernels) -> [Float] {
    oddlyAligned(x.count, seed: 1) { y in
      kernels.table.pointee.dropout(x.count, [key.x, key.y], counter, threshold, scale, x, y)
      return Array(UnsafeBufferPointer(start: y, count: x.count))
    }
  }

  @Test(arguments: Array(0...140) + [384, 1536]) func eachElementHasItsWord(n: Int) {
    let x = numbers(n, seed: 1), words = words(n)
    for threshold: UInt32 in [0, 1 << 29, 1 << 31, .max] {
      let expected = zip(x, words).map { $1 >= threshold ? $0 * 1.25 : 0 }
      for kernels in paths {
        #expect(bits(dropped(x, threshold, 1.25, by: kernels)) == bits(expected), "\(kernels.path) \(threshold)")
        var inPlace = x
        inPlace.withUnsafeMutableBufferPointer {
          kernels.table.pointee.dropout(n, [key.x, key.y], counter, threshold, 1.25, $0.baseAddress, $0.baseAddress)
        }
        #expect(bits(inPlace) == bits(expected), "\(kernels.path) \(threshold)")
      }
    }
  }

  /// An element stays if the threshold is its random word, and is dropped if the threshold is one higher.
  @Test func thresholdIsExact() {
    let words = words(64), ones = [Float](repeating: 1, count: 64)
    for kernels in paths {
      for (element, word) in words.enumerated() {
        #expect(dropped(ones, word, 2, by: kernels)[element] == 2)
        #expect(dropped(ones, word + 1, 2, by: kernels)[element] == 0)
      }
    }
  }

  /// The share of dropped elements, and the mean, within five standard deviations.
  @Test(arguments: [0.1, 0.5, 0.9]) func meanIsKept(probability: Double) {
    let n = 1_000_000
    let y = dropped(
      [Float](repeating: 1, count: n), UInt32(probability * 0x1p32), Float(1 / (1 - probability)), by: .best)
    let mean = y.reduce(0) { $0 + Double($1) } / Double(n)
    #expect(abs(mean - 1) <= 5 * (probability / (1 - probability) / Double(n)).squareRoot())
  }
}
