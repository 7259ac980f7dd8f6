// SPDX-License-Identifier: Apache-2.0

/// The memory of a tensor. When its last owner lets go, it returns to the workspace that it came from.
package final class TensorBuffer: @unchecked Sendable {
  // SAFETY: written only by a sole owner (checked by `isKnownUniquelyReferenced`, or before the buffer is shared),
  // read by any number of them.

  package let base: UnsafeMutablePointer<Float>
  package let count: Int
  private let workspace: Workspace?

  package init(count: Int) {
    self.count = count
    base = TensorBuffer.allocate(count)
    workspace = nil
  }

  init(count: Int, base: UnsafeMutablePointer<Float>, workspace: Workspace) {
    self.count = count
    self.base = base
    self.workspace = workspace
  }

  deinit {
    if let workspace { workspace.recycle(base, count: count) } else { base.deallocate() }
  }

  /// Memory for `count` numbers, aligned to a cache line.
  static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
      .bindMemory(to: Float.self, capacity: max(count, 1))
  }
}
