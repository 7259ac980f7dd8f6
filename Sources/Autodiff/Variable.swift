// SPDX-License-Identifier: Apache-2.0

package import TensorCore

/// A tensor in a computation and, if a tape recorded it, the operation it came from.
package struct Variable {
  package let tensor: Tensor

  /// The place of the operation on the tape; nil for inputs and where nothing is recorded.
  package let node: Int?

  package init(_ tensor: Tensor, node: Int? = nil) {
    self.tensor = tensor
    self.node = node
  }
}
