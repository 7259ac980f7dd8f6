// SPDX-License-Identifier: Apache-2.0

extension Array {
  /// Calls `body` with a span of the elements, as `Array.span` needs macOS 26.
  @inlinable
  package func withSpan<Result, Failure: Error>(
    _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe withUnsafeBufferPointer { (elements) throws(Failure) in
      // SAFETY: the array lends the elements for as long as the closure runs.
      try body(unsafe Span(_unsafeElements: elements))
    }
  }

  /// Lends some of the elements as a span.
  @inlinable
  package func withSpan<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try self[range].withSpan(body)
  }
}

extension ArraySlice {
  /// Lends the elements as a span.
  @inlinable
  package func withSpan<Result, Failure: Error>(
    _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe withUnsafeBufferPointer { (elements) throws(Failure) in
      // SAFETY: the slice lends the elements for as long as the closure runs.
      try body(unsafe Span(_unsafeElements: elements))
    }
  }
}
