// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Memory for float32 numbers of any values, aligned to a cache line.
///
/// Large blocks come straight from the system and go back there. The C library's heap would keep them as holes, which fit
/// no block of another size: a run of fine-tuning would take a fifth more memory, or more.
enum NumberMemory {
  private static let leastMapped = (1 << 20) / MemoryLayout<Float>.stride

  static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
    guard count >= leastMapped else {
      return UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
        .bindMemory(to: Float.self, capacity: max(count, 1))
    }
    let byteCount = count * MemoryLayout<Float>.stride
    let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let base, base != MAP_FAILED else { fatalError("no memory for \(byteCount) bytes") }
    #if os(Linux)
      // Huge pages take a fault each 2 MB, not each 4 KB, and few entries of the TLB. Without them it works too.
      madvise(base, byteCount, MADV_HUGEPAGE)
    #endif
    return base.bindMemory(to: Float.self, capacity: count)
  }

  /// - Parameter count: as the memory was allocated with.
  static func deallocate(_ base: UnsafeMutablePointer<Float>, count: Int) {
    guard count >= leastMapped else { return base.deallocate() }
    munmap(base, count * MemoryLayout<Float>.stride)
  }
}
