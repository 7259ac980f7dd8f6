// SPDX-License-Identifier: Apache-2.0

// Spans of a string's bytes, spans of stack memory, and numbers read from bytes. The standard library lacks these on
// the oldest systems that this package supports. Each `unsafe` below says why it is safe.

/// Calls `body` with the UTF-8 of a text. A string of another encoding is copied first.
@inlinable
@inline(__always)
package func withUTF8<Value, Failure: Error>(
  of text: String, _ body: (Span<UInt8>) throws(Failure) -> Value
) throws(Failure) -> Value {
  // The buffers are valid during the call, and a span cannot leave it.
  let result = unsafe text.utf8.withContiguousStorageIfAvailable { utf8 in
    Result { () throws(Failure) in try body(unsafe utf8.span) }
  }
  if let result { return try result.get() }
  var text = text
  return try text.withUTF8 { utf8 in
    Result { () throws(Failure) in try body(unsafe utf8.span) }
  }.get()
}

extension String {
  /// Decodes UTF-8. Invalid bytes become U+FFFD.
  @inlinable
  package init(utf8 bytes: Span<UInt8>) {
    // The buffer is read during the call only.
    self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }
}

extension Hasher {
  /// Adds bytes, all at once.
  mutating func combine(_ bytes: Span<UInt8>) {
    // The buffer is read during the call only.
    unsafe bytes.withUnsafeBytes { unsafe combine(bytes: $0) }
  }
}

extension Array where Element: BitwiseCopyable {
  /// Appends the elements of a span.
  @inlinable
  package mutating func append(contentsOf elements: Span<Element>) {
    // The buffer is read during the call only.
    unsafe elements.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}

extension [UInt8] {
  /// Appends the bytes of numbers, in this machine's order.
  package mutating func append<Number: BitwiseCopyable & Numeric>(bytesOf numbers: Span<Number>) {
    // The buffer is read during the call only, and numbers have no padding.
    unsafe numbers.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }
}

extension ContiguousArray where Element: BitwiseCopyable & Numeric {
  /// Calls `body` with the bytes of the numbers.
  @inlinable
  package func withRawSpan<Value, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    // Numbers have no padding, so all their bytes are initialized.
    try body(unsafe span.bytes)
  }

  /// Calls `body` with the bytes of the numbers, which it may change.
  @inlinable
  package mutating func withMutableRawSpan<Value, Failure: Error>(
    _ body: (inout MutableRawSpan) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    var span = mutableSpan
    // Any bit pattern is a valid number.
    var bytes = unsafe span.mutableBytes
    return try body(&bytes)
  }
}

extension Array where Element: BitwiseCopyable & Numeric {
  /// Calls `body` with the bytes of the numbers.
  @inlinable
  package func withRawSpan<Value, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try ContiguousArray(self).withRawSpan(body)
  }

  /// Calls `body` with the bytes of the numbers, which it may change.
  @inlinable
  package mutating func withMutableRawSpan<Value, Failure: Error>(
    _ body: (inout MutableRawSpan) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    var numbers = ContiguousArray(self)
    self = []
    defer { self = Array(numbers) }
    return try numbers.withMutableRawSpan(body)
  }
}

extension Span<UInt8> {
  /// The number whose bytes start at `offset`, in this machine's byte order; the bytes must lie inside the span.
  @inlinable
  @inline(__always)
  package func load<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number {
    // The call checks the bounds, and any bits are a valid integer.
    unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: type)
  }
}

extension MutableSpan<UInt8> {
  /// Stores a number at `offset`, in this machine's byte order; its bytes must lie inside the span.
  @inlinable
  @inline(__always)
  package mutating func store<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, at offset: Int) {
    // The call checks the bounds, and any bytes are valid.
    var bytes = unsafe mutableBytes
    bytes.storeBytes(of: number, toByteOffset: offset, as: Number.self)
  }
}

extension RawSpan {
  /// The number whose bytes start at `offset`, in this machine's byte order; the bytes must lie inside the span.
  @inlinable
  @inline(__always)
  package func load<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number {
    // The call checks the bounds, and any bits are a valid integer.
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: type)
  }
}

/// Calls `body` with temporary memory of `count` copies of `element`, on the stack if it is small.
@inlinable
@inline(__always)
package func withTemporarySpan<Element: BitwiseCopyable, Value, Failure: Error>(
  repeating element: Element, count: Int, _ body: (inout MutableSpan<Element>) throws(Failure) -> Value
) throws(Failure) -> Value {
  // The memory is valid during the call, and a span cannot leave it; each element is initialized.
  try unsafe withUnsafeTemporaryAllocation(of: Element.self, capacity: count) { (memory) throws(Failure) in
    unsafe memory.initialize(repeating: element)
    var span = unsafe memory.mutableSpan
    return try body(&span)
  }
}

/// Calls `body` with empty temporary memory for up to `capacity` elements, on the stack if it is small.
@inlinable
@inline(__always)
package func withTemporaryOutput<Element: BitwiseCopyable, Value, Failure: Error>(
  of type: Element.Type, capacity: Int, _ body: (inout OutputSpan<Element>) throws(Failure) -> Value
) throws(Failure) -> Value {
  // The memory is valid during the call, and a span cannot leave it.
  try unsafe withUnsafeTemporaryAllocation(of: type, capacity: capacity) { (memory) throws(Failure) in
    var output = unsafe OutputSpan(buffer: memory, initializedCount: 0)
    return try body(&output)
  }
}

/// The offset of the first byte at or after `start` that equals `byte`; nil if there is none.
package func firstOffset(of byte: UInt8, in bytes: Span<UInt8>, from start: Int = 0) -> Int? {
  System.firstOffset(of: byte, in: bytes, from: start)
}
