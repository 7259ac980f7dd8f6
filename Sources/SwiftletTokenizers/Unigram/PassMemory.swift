// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import Synchronization

/// What passes over texts hand on to each other.
struct PassMemory {
  var cache = WordCache()
  var path = BestPath.Memory()
  var steps: StepStates
}

/// The memory that no pass is using. Mostly a thread gets what it gave back last, which its core still has in reach.
final class PassMemories: Sendable {
  /// The memories of some threads.
  private final class Share: Sendable {
    let memories = Mutex<[PassMemory]>([])
  }

  private let shares = (0..<1 << PassMemories.shareBits).map { _ in Share() }

  /// So many threads seldom meet in a share.
  private static let shareBits = 6

  /// Memory that nobody else uses until it is given back; nil if there is none.
  func take() -> PassMemory? { share.memories.withLock { $0.popLast() } }

  func giveBack(_ memory: consuming PassMemory) {
    let memory = memory
    share.memories.withLock { $0.append(memory) }
  }

  private var share: Share {
    // Threads' numbers are often addresses, whose low bits are equal; a product's high bits depend on all bits.
    let mixed = UInt64(currentThread()) &* 0x9E37_79B9_7F4A_7C15
    return shares[Int(truncatingIfNeeded: mixed &>> UInt64(64 &- Self.shareBits))]
  }
}
