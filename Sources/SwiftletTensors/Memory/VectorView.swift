// SPDX-License-Identifier: Apache-2.0

/// Consecutive numbers of a buffer, which the view keeps alive.
///
/// A view lies inside its buffer, which is checked when the view is made. A writer makes sure that no other thread uses
/// the same numbers at the same time.
package struct VectorView: Sendable {
  package let buffer: TensorBuffer
  package let offset: Int
  package let count: Int

  /// All numbers of a buffer.
  @inlinable @inline(__always)
  package init(_ buffer: TensorBuffer) {
    self.buffer = buffer
    offset = 0
    count = buffer.count
  }

  /// Some numbers of a buffer.
  @inlinable @inline(__always)
  package init(_ buffer: TensorBuffer, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count, "\(range) of \(buffer.count) numbers")
    self.buffer = buffer
    offset = range.lowerBound
    count = range.count
  }

  /// A part of the view.
  @inlinable
  package subscript(range: Range<Int>) -> VectorView {
    @inline(__always) get {
      precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count) numbers")
      return VectorView(buffer, offset + range.lowerBound..<offset + range.upperBound)
    }
  }

  /// The number at an index.
  package subscript(index: Int) -> Float {
    get {
      precondition(index >= 0 && index < count, "number \(index) of \(count)")
      return unsafe pointer[index]
    }
    nonmutating set {
      precondition(index >= 0 && index < count, "number \(index) of \(count)")
      unsafe pointer[index] = newValue
    }
  }

  /// The numbers as a matrix of one row.
  @inlinable @inline(__always)
  package var row: MatrixView { MatrixView(buffer, offset: offset, rows: 1, columns: count) }

  /// The numbers as rows of so many columns, one after the other.
  @inlinable @inline(__always)
  package func matrix(columns: Int) -> MatrixView {
    precondition(columns > 0 && count.isMultiple(of: columns), "\(count) numbers in rows of \(columns)")
    return MatrixView(buffer, offset: offset, rows: count / columns, columns: columns)
  }

  /// Where the numbers are: valid as long as the buffer is there.
  var pointer: UnsafeMutablePointer<Float> { unsafe buffer.base + offset }
}

// MARK: Reading and writing

extension VectorView {
  /// Lends the numbers for reading.
  package func withSpan<Result, Failure: Error>(
    _ body: (Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(buffer) {} }
    return try body(unsafe Span(_unsafeStart: pointer, count: count))
  }

  /// Lends the numbers for writing.
  package func withMutableSpan<Result, Failure: Error>(
    _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(buffer) {} }
    var span = unsafe MutableSpan(_unsafeStart: pointer, count: count)
    return try body(&span)
  }

  /// Lends the bytes of the numbers, four each, for reading.
  package func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withSpan { (span) throws(Failure) in
      // Numbers have no bytes that are not initialized.
      try body(unsafe span.bytes)
    }
  }

  /// Lends the bytes of the numbers, four each, to be written as float32 numbers.
  package func withMutableBytes<Result, Failure: Error>(
    _ body: (inout MutableRawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(buffer) {} }
    var span = unsafe MutableRawSpan(_unsafeStart: pointer, byteCount: count * MemoryLayout<Float>.stride)
    return try body(&span)
  }

  /// The numbers, copied.
  package var values: [Float] {
    unsafe [Float](unsafeUninitializedCapacity: count) { memory, initialized in
      if let base = memory.baseAddress { unsafe base.initialize(from: pointer, count: count) }
      initialized = count
    }
  }

  /// Sets every number to a value.
  package func fill(_ value: Float) { unsafe pointer.update(repeating: value, count: count) }

  /// Copies as many numbers from another place, which may overlap this one.
  package func copy(from other: VectorView) {
    precondition(other.count == count, "\(other.count) numbers into \(count)")
    unsafe pointer.update(from: other.pointer, count: count)
  }

  /// Copies an array's numbers.
  package func copy(from values: [Float]) {
    precondition(values.count == count, "\(values.count) numbers into \(count)")
    unsafe values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { unsafe pointer.update(from: base, count: count) }
    }
  }

  /// Sets each number to a function of the number at the same index of another view, which may be this one.
  @inlinable
  package func assign(from x: VectorView, _ transform: (Float) -> Float) {
    precondition(x.count == count, "\(x.count) numbers into \(count)")
    x.withSpan { x in
      withMutableSpan { y in
        for index in x.indices { y[index] = transform(x[index]) }
      }
    }
  }

  /// Sets each number to a function of the numbers at the same index of two other views, of which either may be this
  /// one.
  @inlinable
  package func assign(from x: VectorView, _ y: VectorView, _ transform: (Float, Float) -> Float) {
    precondition(x.count == count && y.count == count, "\(x.count) and \(y.count) numbers into \(count)")
    x.withSpan { x in
      y.withSpan { y in
        withMutableSpan { z in
          for index in x.indices { z[index] = transform(x[index], y[index]) }
        }
      }
    }
  }
}
