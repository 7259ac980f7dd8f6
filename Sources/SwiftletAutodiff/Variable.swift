// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// A tensor in a computation. Its operators and methods make up formulas, and each knows its derivative.
///
/// ```swift
/// let terms = (positives - negatives + margin).relu()
/// let loss = terms.mean()
/// ```
///
/// A variable carries the computation it belongs to, so an op needs only its operands. Without a trainer, ops record
/// nothing for derivatives and compute the same bits on the calling thread. (If your program sets that thread to flush
/// subnormal numbers to zero, as code built with `-ffast-math` may, so do these ops.)
///
/// Element-wise ops broadcast their operands as NumPy does: shapes are aligned at their last axes, and an axis that is
/// missing or has the extent 1 is repeated.
public struct Variable {
  /// The numbers.
  public let tensor: Tensor

  /// The computation of the variable; nil for constants, which fit any computation.
  package let context: Context?

  /// The place of the operation on the context's tape; nil for constants and if nothing is recorded.
  package let node: Int?

  /// A constant, which has no gradient.
  public init(_ tensor: Tensor) { self.init(tensor, node: nil, in: nil) }

  package init(_ tensor: Tensor, node: Int?, in context: Context?) {
    self.tensor = tensor
    self.node = node
    self.context = context
  }

  /// The extent of each axis.
  public var shape: [Int] { tensor.shape }

  /// The number of elements.
  public var count: Int { tensor.count }

  /// The numbers in row-major order, copied.
  public var values: [Float] { tensor.values }

  /// The extents of a variable of two axes.
  var matrixShape: (rows: Int, columns: Int) {
    precondition(shape.count == 2, "a matrix is needed, not a tensor of shape \(shape)")
    return (shape[0], shape[1])
  }
}

/// What the tape keeps of an operand: its numbers and its place. The context is left out, as it would keep the tape alive.
package struct Operand {
  package let tensor: Tensor

  /// The place of the operation that made it; nil if no gradient is wanted.
  package let node: Int?

  package init(_ variable: Variable) {
    tensor = variable.tensor
    node = variable.node
  }
}
