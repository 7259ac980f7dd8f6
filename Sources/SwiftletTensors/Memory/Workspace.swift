// SPDX-License-Identifier: Apache-2.0

/// Reusable memory for the intermediate tensors of one running task, or for what a thread that helps one needs within its
/// loops. After the first pass over the largest batch it allocates nothing.
///
/// A buffer serves any request that fills at least half of it. If there is none, buffers that are too small are freed
/// for a new one, so batches of different sizes need no more memory than the largest. Under a sanitizer no memory is
/// reused: see ``NumberMemory/isExact``.
package final class Workspace: Sendable {
  /// The free memory.
  @safe
  private struct Block: @unchecked Sendable {
    let capacity: Int
    let base: UnsafeMutablePointer<Float>

    func deallocate() { unsafe NumberMemory.deallocate(base, count: capacity) }
  }

  private struct Free {
    /// By rising capacity.
    var blocks: [Block] = []

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
    if NumberMemory.isExact { return TensorBuffer(count: count) }
    let wanted = Workspace.capacity(for: count)
    let block = free.withLock { free -> Block? in
      let place = free.place(of: wanted)
      if place < free.blocks.count, free.blocks[place].capacity <= 2 * wanted { return free.blocks.remove(at: place) }
      var room = 0
      for index in stride(from: place - 1, through: 0, by: -1) where room < wanted {
        let block = free.blocks.remove(at: index)
        room += block.capacity
        block.deallocate()
      }
      return nil
    }
    return unsafe TensorBuffer(
      count: count, capacity: block?.capacity ?? wanted, base: block?.base ?? NumberMemory.allocate(wanted),
      workspace: self)
  }

  /// Returns the free memory to the system.
  func empty() {
    free.withLock { free in
      for block in free.blocks { block.deallocate() }
      free.blocks = []
    }
  }

  /// Takes back memory that it lent.
  func recycle(_ base: UnsafeMutablePointer<Float>, capacity: Int) {
    let block = unsafe Block(capacity: capacity, base: base)
    free.withLock { $0.blocks.insert(block, at: $0.place(of: capacity)) }
  }

  /// A multiple of an eighth of the power of two below, and of a cache line.
  private static func capacity(for count: Int) -> Int {
    let count = max(count, 16)
    let step = max(16, 1 << (Int.bitWidth - 4 - count.leadingZeroBitCount))
    return (count + step - 1) / step * step
  }
}
