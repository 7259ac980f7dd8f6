// SPDX-License-Identifier: Apache-2.0

/// Bytes with a single owner. Unlike an array, they need no check at each change whether they are shared.
///
/// Safe although it stores an address: nobody else has it, its only owner frees it, and each access checks its bounds.
@safe
package struct OwnedBytes: ~Copyable {
  @usableFromInline
  let buffer: UnsafeMutableBufferPointer<UInt8>

  /// `count` zeros.
  package init(count: Int) {
    // Freed by `deinit`.
    unsafe buffer = .allocate(capacity: count)
    unsafe buffer.initialize(repeating: 0)
  }

  deinit { unsafe buffer.deallocate() }

  /// Calls `body` with the bytes, to be changed.
  @inlinable
  @inline(__always)
  package mutating func withMutableSpan<Value, Failure: Error>(
    _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    // The owner is borrowed during the call, and a span cannot leave it.
    var span = unsafe buffer.mutableSpan
    return try body(&span)
  }

  /// Stores a number at `offset`, in this machine's byte order; its bytes must lie inside the memory.
  @inlinable
  @inline(__always)
  package mutating func store<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, at offset: Int) {
    withMutableSpan { $0.store(number, at: offset) }
  }
}
