// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletTokenizers

/// A request in a queue.
final class HeldRequest: @unchecked Sendable {
  // SAFETY: what changes is touched with the queue's lock held only. Rounds write to rows of the result that are theirs
  // alone, and whoever waits for it reads it after the last one.

  /// What the caller gets.
  struct Result: Sendable {
    let rows: Tensor
    let waited: Duration
    let computed: Duration
  }

  let work: RequestedWork
  let sequenceCount: Int
  /// The bytes of the tokens and of the result.
  let byteCount: Int
  private let admission = ContinuousClock.now

  /// The first sequence that no round has begun.
  var next = 0
  /// The number of sequences that are computed.
  var doneCount = 0
  /// Whether it counts for the queue's limits.
  var isHeld = false
  /// Whether nobody wants the result any more.
  var isDropped = false
  var beginning: ContinuousClock.Instant?
  /// Whoever waits for the result.
  var caller: CheckedContinuation<Result, any Error>?
  /// What the caller is to get if it does not wait yet.
  var failure: (any Error)?

  private let rows = Monitor<Tensor?>(nil)

  init(_ work: RequestedWork) {
    self.work = work
    sequenceCount = work.tokens.sequenceCount
    let perToken = MemoryLayout<Int32>.stride * 2, perSequence = MemoryLayout<Int>.stride * 2 + 1
    byteCount =
      work.tokens.ids.count * perToken + sequenceCount * perSequence
      + work.rowCount * work.rowLength * MemoryLayout<Float>.stride
  }

  func tokenCount(of sequences: Range<Int>) -> Int {
    work.tokens.sequenceStarts[sequences.upperBound] - work.tokens.sequenceStarts[sequences.lowerBound]
  }

  /// The rows of all sequences, whose memory the first call takes from the system.
  var result: Tensor {
    rows.withLock { rows in
      if let rows { return rows }
      let new = Tensor(uninitialized: [work.rowCount, work.rowLength])
      rows = new
      return new
    }
  }

  /// The complete result with its times.
  func timedResult() -> Result {
    let now = ContinuousClock.now, beginning = beginning ?? now
    return Result(rows: result, waited: beginning - admission, computed: now - beginning)
  }
}
