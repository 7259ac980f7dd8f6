// SPDX-License-Identifier: Apache-2.0

/// Memory for the intermediate tensors of one thread's work, used again and again instead of going back to the
/// system: after the first pass over the largest batch nothing is allocated.
///
/// Buffers come in powers of two, one list of free ones each, so that batches of any sizes share them.
package final class Workspace: Sendable {
  private struct Free: @unchecked Sendable {
    // SAFETY: memory that nobody uses, guarded by the mutex.
    var lists: [[UnsafeMutablePointer<Float>]] = Array(repeating: [], count: Int.bitWidth)
  }

  private let free = Monitor(Free())

  package init() {}

  deinit {
    empty()
  }

  /// A buffer of `count` numbers, of any values, that comes back here when it is released.
  package func buffer(count: Int) -> TensorBuffer {
    let sizeClass = Workspace.sizeClass(count)
    let base = free.withLock { $0.lists[sizeClass].popLast() } ?? TensorBuffer.allocate(1 << sizeClass)
    return TensorBuffer(count: count, base: base, workspace: self)
  }

  /// Returns the free memory to the system.
  func empty() {
    free.withLock { free in
      free.lists.joined().forEach { $0.deallocate() }
      free = Free()
    }
  }

  func recycle(_ base: UnsafeMutablePointer<Float>, count: Int) {
    nonisolated(unsafe) let base = base
    free.withLock { $0.lists[Workspace.sizeClass(count)].append(base) }
  }

  private static func sizeClass(_ count: Int) -> Int { Int.bitWidth - max(count - 1, 0).leadingZeroBitCount }
}
