// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// The memory of a tensor. Its last owner frees it or returns it to its workspace.
///
/// Nothing outside this module sees a pointer: numbers are read and written through a ``VectorView``, a ``MatrixView``
/// or a span, all of which check their bounds.
@safe
package final class TensorBuffer: @unchecked Sendable {
  // SAFETY: written only by a sole owner (checked by `isKnownUniquelyReferenced`, or before the buffer is shared),
  // read by any number of them. A writer of a buffer that others view writes only between the computations that read it.

  private enum Origin {
    case system
    case workspace(Workspace, capacity: Int)
    /// Part of another buffer.
    case part(of: TensorBuffer)
    /// Part of a file, which nobody writes to: in mapped bytes that would end the process.
    case file(FileContents)
  }

  let base: UnsafeMutablePointer<Float>
  package let count: Int
  private let origin: Origin

  /// Memory of its own, whose numbers may have any value.
  package init(count: Int) {
    self.count = count
    unsafe base = NumberMemory.allocate(count)
    origin = .system
  }

  /// A range of another buffer's numbers, not copied.
  package init(_ range: Range<Int>, of whole: TensorBuffer) {
    precondition(range.lowerBound >= 0 && range.upperBound <= whole.count, "\(range) of \(whole.count) numbers")
    count = range.count
    unsafe base = whole.base + range.lowerBound
    origin = .part(of: whole)
  }

  /// The numbers in a file's bytes, in this machine's byte order, not copied. They are only read.
  package init(_ file: FileContents, byteOffset: Int, count: Int) {
    precondition(
      byteOffset >= 0 && count >= 0 && byteOffset.isMultiple(of: MemoryLayout<Float>.alignment)
        && count <= (file.byteCount - byteOffset) / MemoryLayout<Float>.stride,
      "\(count) numbers from byte \(byteOffset) on of \(file.byteCount)")
    self.count = count
    if let address = unsafe file.address {
      unsafe base = (address + byteOffset).assumingMemoryBound(to: Float.self)
      origin = .file(file)
    } else {
      unsafe base = NumberMemory.allocate(0)
      origin = .system
    }
  }

  /// Memory that a workspace lends, of at least `count` numbers.
  init(count: Int, capacity: Int, base: UnsafeMutablePointer<Float>, workspace: Workspace) {
    self.count = count
    unsafe self.base = base
    origin = .workspace(workspace, capacity: capacity)
  }

  deinit {
    switch origin {
    case .system: unsafe NumberMemory.deallocate(base, count: count)
    case .workspace(let workspace, let capacity): unsafe workspace.recycle(base, capacity: capacity)
    case .part, .file: break
    }
  }
}
