// SPDX-License-Identifier: Apache-2.0

/// A dense array of float32 numbers, row-major: the last axis is contiguous.
///
/// A tensor is a value: a copy shares its numbers until one of the two changes.
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
    vector.copy(from: values)
  }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) {
    self.init(uninitialized: shape)
    vector.fill(0)
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
  public var values: [Float] { vector.values }

  /// The element at an index for each axis.
  public subscript(indices: Int...) -> Float {
    precondition(indices.count == shape.count, "\(indices.count) indices into \(shape.count) axes")
    var offset = 0
    for (index, extent) in zip(indices, shape) {
      precondition(index >= 0 && index < extent, "index \(index) outside 0..<\(extent)")
      offset = offset * extent + index
    }
    return vector[offset]
  }

  /// The same numbers in another shape with the same number of elements.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(Tensor.elementCount(of: shape) == count, "\(self.shape) does not reshape to \(shape)")
    return Tensor(shape: shape, buffer: buffer)
  }

  /// Lends the numbers in row-major order for reading.
  public func withSpan<Result, Failure: Error>(
    _ body: (Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try vector.withSpan(body)
  }

  /// The numbers in row-major order, to read or, where the caller made the tensor, to write.
  package var vector: VectorView { VectorView(buffer) }

  /// The rows of a tensor of two axes, to read or, where the caller made the tensor, to write.
  package var matrix: MatrixView {
    precondition(shape.count == 2, "a matrix of shape \(shape)")
    return MatrixView(buffer, rows: shape[0], columns: shape[1])
  }

  /// Makes sure that no other tensor shares the numbers: copies them if one does.
  package mutating func makeUnique(in workspace: Workspace? = nil) {
    if isKnownUniquelyReferenced(&buffer) { return }
    let copy = workspace?.buffer(count: count) ?? TensorBuffer(count: count)
    VectorView(copy).copy(from: vector)
    buffer = copy
  }

  private static func elementCount(of shape: [Int]) -> Int {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative extent in \(shape)")
    return shape.reduce(1, *)
  }
}
