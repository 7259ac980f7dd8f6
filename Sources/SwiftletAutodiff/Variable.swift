// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// A tensor in a computation and, if a tape recorded it, the operation it came from.
public struct Variable {
  /// The numbers.
  public let tensor: Tensor

  /// The place of the operation on the tape; nil for constants and where nothing is recorded.
  package let node: Int?

  /// A constant: a tensor whose gradient nobody asks for.
  public init(_ tensor: Tensor) { self.init(tensor, node: nil) }

  package init(_ tensor: Tensor, node: Int?) {
    self.tensor = tensor
    self.node = node
  }
}
