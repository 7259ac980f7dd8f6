// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletTokenizers
import TestSupport
import Testing

/// How a batch is split among threads.
@Suite struct PieceTests {
  private func batch(_ lengths: [Int]) -> TokenBatch {
    var batch = TokenBatch()
    for length in lengths { batch.append(ids: repeatElement(1, count: length)) }
    return batch
  }

  @Test(arguments: 1...8) func coverTheBatchWithinTheLimit(threads: Int) {
    var generator = SplitMix64(seed: UInt64(threads))
    for _ in 0..<50 {
      let lengths = (0..<Int.random(in: 0...90, using: &generator)).map { _ in
        Int.random(in: 2...300, using: &generator)
      }
      let pieces = batch(lengths).pieces(threadCount: threads, limit: 256, least: 64)
      #expect(pieces.flatMap { Array($0) } == Array(lengths.indices))
      for piece in pieces where piece.count > 1 { #expect(lengths[piece].reduce(0, +) <= 256) }
    }
  }

  @Test func shareTheTokens() {
    // Enough tokens for a piece for each thread, or for two; fewer than the least; more than the limit allows.
    #expect(batch(Array(repeating: 10, count: 40)).pieces(threadCount: 2, limit: 256, least: 64) == [0..<20, 20..<40])
    let halves = batch(Array(repeating: 10, count: 64)).pieces(threadCount: 2, limit: 256, least: 64)
    #expect(halves == [0..<16, 16..<32, 32..<48, 48..<64])
    #expect(batch([10, 10, 10]).pieces(threadCount: 4, limit: 256, least: 64) == [0..<3])
    #expect(batch([200, 200, 300]).pieces(threadCount: 1, limit: 256, least: 64) == [0..<1, 1..<2, 2..<3])
  }

  @Test func slicesAreBatches() {
    let whole = batch([3, 1, 2])
    #expect(whole[1..<3] == batch([1, 2]))
    #expect(TokenBatch(joining: [batch([3]), batch([]), batch([1, 2])]) == whole)
  }
}
