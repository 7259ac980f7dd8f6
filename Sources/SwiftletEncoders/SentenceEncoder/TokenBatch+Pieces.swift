// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers

extension TokenBatch {
  /// The position of each token in its sequence, `[tokens]`.
  func positions(_ numbering: PositionNumbering) -> [Int32] {
    var positions: [Int32] = []
    positions.reserveCapacity(ids.count)
    for sequence in 0..<sequenceCount {
      let tokens = tokenRange(of: sequence)
      switch numbering {
      case .fromZero: positions += 0..<Int32(tokens.count)
      case .afterPadding(let padding):
        var last = padding
        for id in ids[tokens] {
          if id != padding { last += 1 }
          positions.append(id == padding ? padding : last)
        }
      }
    }
    return positions
  }

  /// The number of tokens that a piece has at most, unless a single sequence is longer.
  static let largestPieceSize = 384

  /// The number of tokens that a piece has at least, where there are as many: small products waste a thread.
  static let leastPieceSize = 64

  /// Splits the batch into pieces for `threadCount` threads: ranges of consecutive sequences with at most `limit`
  /// tokens, unless a single sequence is longer, and at least `least`.
  package func pieces(threadCount: Int, limit: Int = largestPieceSize, least: Int = leastPieceSize) -> [Range<Int>] {
    let share = (ids.count + threadCount - 1) / threadCount
    let maximum = min(limit, max(least, share))
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
