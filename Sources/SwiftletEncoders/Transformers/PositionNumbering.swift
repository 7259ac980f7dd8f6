// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers

/// How a model counts the positions of a text's tokens.
package enum PositionNumbering: Sendable, Equatable {
  /// 0, 1, 2, …
  case fromZero
  /// From the padding token's id + 1, as in RoBERTa. A padding token in the text counts for nothing and has the
  /// position of its id.
  case afterPadding(Int32)

  /// The position of a text's first token.
  var first: Int {
    switch self {
    case .fromZero: 0
    case .afterPadding(let id): Int(id) + 1
    }
  }
}

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
}
