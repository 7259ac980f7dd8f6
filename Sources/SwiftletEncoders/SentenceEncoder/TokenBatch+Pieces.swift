// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers

extension TokenBatch {
  /// The number of tokens that a piece has at most, unless a single sequence is longer: few enough that caches hold much of
  /// what a layer computes, so many that it matters little how often weights are read.
  static let largestPieceSize = 256

  /// The number of tokens that a piece has at least, where there are as many: small products waste a thread.
  static let leastPieceSize = 64

  /// Splits the batch into pieces for `threadCount` threads: ranges of consecutive sequences with at most `limit`
  /// tokens, unless a single sequence is longer, and at least `least`. Each thread has as many of them, of about one size, so
  /// that all end together.
  package func pieces(threadCount: Int, limit: Int = largestPieceSize, least: Int = leastPieceSize) -> [Range<Int>] {
    let share = (ids.count + threadCount - 1) / threadCount, cuts = (share - 1) / limit + 1
    let maximum = min(limit, max(least, (share + cuts - 1) / cuts))
    var pieces: [Range<Int>] = []
    var first = 0
    for sequence in 0..<sequenceCount {
      if sequence > first, sequenceStarts[sequence + 1] - sequenceStarts[first] > maximum {
        pieces.append(first..<sequence)
        first = sequence
      }
    }
    if first < sequenceCount { pieces.append(first..<sequenceCount) }
    return pieces
  }
}
