// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
package import Synchronization

/// Memory for float32 numbers of any values, aligned to a cache line.
///
/// Large blocks come straight from the system and go back there. The C library's heap would keep them as holes, which fit
/// no block of another size: a run of fine-tuning would take a fifth more memory, or more.
package enum NumberMemory {
  private static let leastMapped = (1 << 20) / MemoryLayout<Float>.stride

  /// Whether a sanitizer watches memory. Then each request has an allocation of exactly its size, filled with NaN and
  /// never used twice: a recycled block of up to twice the size would hide an overflow.
  package static let isExact = swlt_is_sanitized() != 0

  /// By how many numbers each allocation is made too short under a sanitizer. A test sets it, to prove that overflows are
  /// detected.
  package static let plantedShortfall = Atomic(0)

  static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
    if isExact { return unsafe allocateExactly(count) }
    guard count >= leastMapped else {
      return unsafe UnsafeMutableRawPointer.allocate(
        byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64
      )
      .bindMemory(to: Float.self, capacity: max(count, 1))
    }
    return unsafe System.mapMemory(byteCount: count * MemoryLayout<Float>.stride)
      .bindMemory(to: Float.self, capacity: count)
  }

  /// - Parameter count: as the memory was allocated with.
  static func deallocate(_ base: UnsafeMutablePointer<Float>, count: Int) {
    guard count >= leastMapped, !isExact else { return unsafe base.deallocate() }
    unsafe System.unmapMemory(base, byteCount: count * MemoryLayout<Float>.stride)
  }

  private static func allocateExactly(_ count: Int) -> UnsafeMutablePointer<Float> {
    let count = max(count - plantedShortfall.load(ordering: .relaxed), 0)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
    let base = unsafe memory.bindMemory(to: Float.self, capacity: count)
    unsafe base.initialize(repeating: .nan, count: count)
    return unsafe base
  }
}
