// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// A tensor in a computation: formulas are written with its operators and methods, each of which knows its derivative.
///
/// ```swift
/// let terms = (positives - negatives + margin).relu()
/// let loss = terms.mean()
/// ```
///
/// A variable carries the computation it belongs to, so that an op needs nothing but its operands. Where nobody asks for
/// derivatives, ops compute the same bits and record nothing.
///
/// Element by element, operands follow NumPy's rule of broadcasting: shapes are aligned at their last axes, and an axis of
/// extent 1, or one that is missing, counts for every index of the other operand's.
public struct Variable {
  /// The numbers.
  public let tensor: Tensor

  /// Where the variable was computed; nil for constants, which go with any computation.
  package let context: Context?

  /// The place of the operation on the context's tape; nil for constants and where nothing is recorded.
  package let node: Int?

  /// A constant: a tensor whose gradient nobody asks for.
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

/// An operand of an op as the tape keeps it: its numbers and its place, without the context, which would keep the tape.
package struct Operand {
  package let tensor: Tensor

  /// The place of the operation that made it; nil if nobody asks for its gradient.
  package let node: Int?

  package init(_ variable: Variable) {
    tensor = variable.tensor
    node = variable.node
  }
}
