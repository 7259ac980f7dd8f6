// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers

extension TokenBatch {
  /// Each token's place in its sequence, from 0, `[tokens]`.
  var positions: [Int32] {
    var positions: [Int32] = []
    positions.reserveCapacity(ids.count)
    for sequence in 0..<sequenceCount { positions += 0..<Int32(tokenRange(of: sequence).count) }
    return positions
  }

  /// Ranges of consecutive sequences that share the work among `threadCount` threads: each holds at most `limit`
  /// tokens, unless a single sequence is longer, and no range is so small that its products waste a thread.
  package func pieces(threadCount: Int, limit: Int = 384, least: Int = 64) -> [Range<Int>] {
    let share = (ids.count + threadCount - 1) / threadCount
    let most = min(limit, max(least, share))
    var pieces: [Range<Int>] = []
    var first = 0
    for sequence in 0..<sequenceCount {
      if sequence > first, sequenceStarts[sequence + 1] - sequenceStarts[first] > most {
        pieces.append(first..<sequence)
        first = sequence
      }
    }
    if first < sequenceCount { pieces.append(first..<sequenceCount) }
    return pieces
  }
}
