// SPDX-License-Identifier: Apache-2.0

/// Memory for the intermediate tensors of one thread's work, used again and again instead of going back to the
/// system: after the first pass over the largest batch nothing is allocated.
///
/// A buffer serves any request that fills at least half of it. Where none does, those that are too small make room
/// for a new one, so that batches of any sizes take no more memory than the largest.
package final class Workspace: Sendable {
  private struct Free: @unchecked Sendable {
    // SAFETY: memory that nobody uses, guarded by the monitor.
    /// By rising capacity.
    var blocks: [(capacity: Int, base: UnsafeMutablePointer<Float>)] = []

    /// The place of the first block of at least this capacity.
    func place(of capacity: Int) -> Int {
      var low = 0, high = blocks.count
      while low < high {
        let middle = (low + high) / 2
        if blocks[middle].capacity < capacity { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  private let free = Monitor(Free())

  package init() {}

  deinit {
    empty()
  }

  /// A buffer of `count` numbers, of any values, that comes back here when it is released.
  package func buffer(count: Int) -> TensorBuffer {
    let wanted = Workspace.capacity(for: count)
    let block = free.withLock { free -> (capacity: Int, base: UnsafeMutablePointer<Float>)? in
      let place = free.place(of: wanted)
      if place < free.blocks.count, free.blocks[place].capacity <= 2 * wanted { return free.blocks.remove(at: place) }
      var room = 0
      for index in stride(from: place - 1, through: 0, by: -1) where room < wanted {
        let block = free.blocks.remove(at: index)
        room += block.capacity
        NumberMemory.deallocate(block.base, count: block.capacity)
      }
      return nil
    }
    return TensorBuffer(
      count: count, capacity: block?.capacity ?? wanted, base: block?.base ?? NumberMemory.allocate(wanted),
      workspace: self)
  }

  /// Returns the free memory to the system.
  func empty() {
    free.withLock { free in
      for block in free.blocks { NumberMemory.deallocate(block.base, count: block.capacity) }
      free.blocks = []
    }
  }

  func recycle(_ base: UnsafeMutablePointer<Float>, capacity: Int) {
    nonisolated(unsafe) let base = base
    free.withLock { $0.blocks.insert((capacity, base), at: $0.place(of: capacity)) }
  }

  /// A multiple of an eighth of the power of two below, and of a cache line.
  private static func capacity(for count: Int) -> Int {
    let count = max(count, 16)
    let step = max(16, 1 << (Int.bitWidth - 4 - count.leadingZeroBitCount))
    return (count + step - 1) / step * step
  }
}
