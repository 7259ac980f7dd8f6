// SPDX-License-Identifier: Apache-2.0

/// A dense array of float32 numbers, row-major: the last axis is contiguous.
///
/// A value type: a copy shares the numbers until one of the two is written to.
public struct Tensor: Sendable {
  /// The extent of each axis; empty for a single number.
  public let shape: [Int]

  package var buffer: TensorBuffer

  /// The number of elements: the product of the shape.
  public var count: Int { buffer.count }

  /// A tensor of `values` in row-major order.
  public init(_ values: [Float], shape: [Int]) {
    self.init(uninitialized: shape)
    precondition(values.count == count, "\(values.count) values do not fill shape \(shape)")
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { buffer.base.update(from: base, count: source.count) }
    }
  }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) {
    self.init(uninitialized: shape)
    buffer.base.update(repeating: 0, count: count)
  }

  /// A tensor whose numbers the caller writes before it reads them.
  package init(uninitialized shape: [Int], in workspace: Workspace? = nil) {
    let count = Tensor.elementCount(of: shape)
    self.shape = shape
    buffer = workspace?.buffer(count: count) ?? TensorBuffer(count: count)
  }

  /// A tensor over memory that holds its numbers.
  package init(shape: [Int], buffer: TensorBuffer) {
    precondition(Tensor.elementCount(of: shape) == buffer.count, "\(buffer.count) numbers do not fill shape \(shape)")
    self.shape = shape
    self.buffer = buffer
  }

  /// The numbers in row-major order, copied.
  public var values: [Float] { withUnsafeBufferPointer { Array($0) } }

  /// The element at one index an axis.
  public subscript(indices: Int...) -> Float {
    precondition(indices.count == shape.count, "\(indices.count) indices into \(shape.count) axes")
    var offset = 0
    for (index, extent) in zip(indices, shape) {
      precondition(index >= 0 && index < extent, "index \(index) outside 0..<\(extent)")
      offset = offset * extent + index
    }
    return buffer.base[offset]
  }

  /// The same numbers under another shape of as many elements.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(Tensor.elementCount(of: shape) == count, "\(self.shape) does not reshape to \(shape)")
    return Tensor(shape: shape, buffer: buffer)
  }

  /// Lends the numbers in row-major order.
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(buffer) {} }
    return try body(UnsafeBufferPointer(start: buffer.base, count: count))
  }

  /// Lends the numbers for writing, after a copy if another tensor shares them.
  package mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if !isKnownUniquelyReferenced(&buffer) {
      let copy = TensorBuffer(count: count)
      copy.base.update(from: buffer.base, count: count)
      buffer = copy
    }
    defer { withExtendedLifetime(buffer) {} }
    return try body(UnsafeMutableBufferPointer(start: buffer.base, count: count))
  }

  private static func elementCount(of shape: [Int]) -> Int {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative extent in \(shape)")
    return shape.reduce(1, *)
  }
}
