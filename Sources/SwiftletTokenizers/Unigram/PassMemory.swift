// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import Synchronization

/// What a pass over a text hands on to the next one. It is moved, not copied: texts are short, and each has a pass.
struct PassMemory: ~Copyable {
  var words: WordCaches
  var path: BestPath
  var steps: StepStates
}

/// Where a thread keeps the memory between its passes.
final class PassMemoryBox: @unchecked Sendable {
  // SAFETY: whoever took the box out of the list is alone in using it.

  /// nil while a pass uses it.
  var memory: PassMemory?
}

/// The memory that no pass is using. Mostly a thread gets what it gave back last, which its core still has in reach.
final class PassMemories: Sendable {
  /// The memories of some threads.
  private final class Share: Sendable {
    let boxes = Mutex<[PassMemoryBox]>([])
  }

  private let shares = (0..<1 << PassMemories.shareBits).map { _ in Share() }

  /// So many threads seldom meet in a share.
  private static let shareBits = 6

  /// A box that nobody else uses until it is given back; nil if there is none.
  func take() -> PassMemoryBox? { share.boxes.withLock { $0.popLast() } }

  func giveBack(_ box: PassMemoryBox) { share.boxes.withLock { $0.append(box) } }

  private var share: Share {
    // Threads' numbers are often addresses, whose low bits are equal; a product's high bits depend on all bits.
    let mixed = UInt64(currentThread()) &* 0x9E37_79B9_7F4A_7C15
    return shares[Int(truncatingIfNeeded: mixed &>> UInt64(64 &- Self.shareBits))]
  }
}
