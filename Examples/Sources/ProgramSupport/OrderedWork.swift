// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Pieces of work that several threads do at a time, and whose results are taken in order.
package struct OrderedWork<Output: Sendable>: ~Copyable {
  private final class Piece: Sendable {
    let result = Mutex<Result<Output, any Error>?>(nil)
    let isDone = DispatchSemaphore(value: 0)
  }

  /// One thread each.
  private let queues: [DispatchQueue]
  private var pieces: [Piece] = []
  private var count = 0

  package init(threads: Int) {
    queues = (0..<threads).map { DispatchQueue(label: "work \($0)") }
  }

  /// Whether there are no results to come.
  package var isEmpty: Bool { pieces.isEmpty }

  /// Whether there is so much to do that a result should be taken first.
  package var isFull: Bool { pieces.count >= 2 * queues.count }

  /// Adds a piece of work. The threads get pieces in turn.
  package mutating func add(_ work: @Sendable @escaping () throws -> Output) {
    let piece = Piece()
    pieces.append(piece)
    queues[count % queues.count].async {
      let result = Result { try work() }
      piece.result.withLock { $0 = result }
      piece.isDone.signal()
    }
    count += 1
  }

  /// Waits for the first piece's result.
  package mutating func next() throws -> Output {
    let piece = pieces.removeFirst()
    piece.isDone.wait()
    guard let result = piece.result.withLock({ $0 }) else { preconditionFailure("a piece of work without a result") }
    return try result.get()
  }
}
