// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import Synchronization
import Testing

@testable import SwiftletAutodiff

/// Attention's scratch memory. The amount that a text needs does not grow steadily with its length.
@Suite struct AttentionScratchTests {
  private static let sizes = [16, 24, 32, 40, 48]

  /// Two texts side by side give the bits of each alone. At a head size of 32, the scalar path in bfloat16 wrote past
  /// its scratch with texts of 80 and 81 tokens.
  @Test(arguments: sizes, [Precision.float32, .bfloat16])
  func neighborsOfAnyLengthChangeNothing(headSize: Int, precision: Precision) {
    for kernels in Kernels.available {
      for length in [1, 7, 15, 31, 47, 63, 80, 95, 127, 170, 255, 340] {
        let shape = [2 * length + 1, 3 * headSize]
        let numbers = Tensor(randomNumbers(shape[0] * shape[1], UInt64(length)), shape: shape)
        let both = attention(numbers, [0, length, 2 * length + 1], kernels, precision)
        let first = attention(rows(numbers, 0..<length), [0, length], kernels, precision)
        let second = attention(rows(numbers, length..<2 * length + 1), [0, length + 1], kernels, precision)
        #expect(both == first + second, "\(kernels.path), \(length) tokens")
      }
    }
  }

  private func rows(_ tensor: Tensor, _ range: Range<Int>) -> Tensor {
    Tensor(tensor.matrix.rows(range).vector.values, shape: [range.count, tensor.shape[1]])
  }

  private func attention(
    _ x: Tensor, _ starts: [Int], _ kernels: Kernels, _ precision: Precision
  ) -> [UInt32] {
    nonisolated(unsafe) var bits: [UInt32] = []
    ThreadPool(threadCount: 1).run(count: 1) { _, worker in
      let context = Context(weights: Weights([], precision: precision, kernels: kernels), worker: worker)
      let y = context.attention(Variable(x), sequenceStarts: starts, headCount: 1).tensor
      bits = y.values.map(\.bitPattern)
    }
    return bits
  }

  /// AddressSanitizer reports an overflow of scratch by one number, so a suite without a report means something.
  @Test(.enabled(if: NumberMemory.isExact)) func aPlantedOverflowIsReported() async {
    await #expect(processExitsWith: .success) { AttentionScratchTests.attend(shortfall: 0) }
    await #expect(processExitsWith: .failure) { AttentionScratchTests.attend(shortfall: 1) }
  }

  /// Computes attention of one head with `shortfall` numbers of scratch too few.
  private static func attend(shortfall: Int) {
    let head = AttentionHead(headSize: 16, kernels: .best, precision: .float32, dropout: nil)
    let x = Tensor(zeros: [20, 48]).matrix, y = Tensor(zeros: [20, 16]).matrix
    var scratch = Scratch(Workspace())
    NumberMemory.plantedShortfall.store(shortfall, ordering: .relaxed)
    head.attend(x, bias: nil, into: y, AttentionHead.Place(tokens: 0..<20, text: 0, head: 0), &scratch)
  }
}
