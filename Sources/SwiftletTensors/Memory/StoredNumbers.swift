// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
package import SwiftletFiles

/// A storage format of numbers in files and tables. The kernels compute in float32.
package enum NumberFormat: Sendable, CaseIterable {
  case float32, float16, bfloat16, float64

  /// Bytes a number.
  package var byteCount: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .float32: 4
    case .float64: 8
    }
  }

  var kernel: swlt_storage {
    switch self {
    case .float32: SWLT_F32
    case .float16: SWLT_F16
    case .bfloat16: SWLT_BF16
    case .float64: SWLT_F64
    }
  }
}

/// Numbers in the format of a file.
package struct StoredNumbers: Sendable {
  package let count: Int
  package let format: NumberFormat
  private let memory: VectorView

  /// Where the bytes are: valid as long as the memory is there.
  var pointer: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(memory.pointer) }

  private var byteCount: Int { count * format.byteCount }

  /// - Parameters:
  ///   - workspace: lends the memory; nil: memory of their own.
  ///   - fill: writes all numbers, as the format says, into the bytes it is given.
  package init<Failure: Error>(
    count: Int, format: NumberFormat, in workspace: Workspace? = nil,
    filledBy fill: (inout MutableRawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    self.count = count
    self.format = format
    let numbers = (count * format.byteCount + 3) / 4
    memory = VectorView(workspace?.buffer(count: numbers) ?? TensorBuffer(count: numbers))
    var bytes = unsafe MutableRawSpan(_unsafeStart: pointer, byteCount: byteCount)
    try fill(&bytes)
  }

  /// Numbers of two or four bytes in a file's bytes, not copied; nil if they do not begin and end at multiples of four bytes.
  package init?(_ file: FileContents, byteRange: Range<Int>, format: NumberFormat) {
    precondition(format.byteCount <= 4, "the kernels would read numbers of eight bytes where four begin")
    guard byteRange.lowerBound.isMultiple(of: 4), byteRange.count.isMultiple(of: 4) else { return nil }
    count = byteRange.count / format.byteCount
    self.format = format
    memory = VectorView(TensorBuffer(file, byteOffset: byteRange.lowerBound, count: byteRange.count / 4))
  }

  /// Float32 numbers, which they share.
  package init(_ numbers: VectorView) {
    count = numbers.count
    format = .float32
    memory = numbers
  }

  /// Lends the bytes for reading.
  package func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(memory.buffer) {} }
    return try body(unsafe RawSpan(_unsafeStart: pointer, byteCount: byteCount))
  }
}

extension Kernels {
  /// Converts numbers to float32, rounding to nearest even, and returns how many of the results are NaN or infinite.
  @discardableResult
  package func convert(_ x: StoredNumbers, into y: VectorView) -> Int {
    precondition(y.count == x.count, "\(x.count) numbers into \(y.count)")
    return unsafe table.pointee.convert(x.count, x.pointer, x.format.kernel, y.pointer)
  }

  /// How many numbers are NaN or infinite as float32, and the index of the first.
  package func nonFinite(in x: StoredNumbers) -> (count: Int, first: Int) {
    var first = 0
    let count = unsafe table.pointee.count_non_finite(x.count, x.pointer, x.format.kernel, &first)
    return (count, first)
  }

  /// How many numbers are NaN or infinite, and the index of the first.
  package func nonFinite(in x: VectorView) -> (count: Int, first: Int) {
    var first = 0
    let count = unsafe table.pointee.count_non_finite(x.count, x.pointer, SWLT_F32, &first)
    return (count, first)
  }
}
