// SPDX-License-Identifier: Apache-2.0

package import TensorCore

/// The numbers of a model's parameters in the form that its ops read: immutable, shared by all threads.
package struct Weights: Sendable {
  package enum Entry: Sendable {
    /// A bias or a normalisation's scale or shift.
    case vector(Tensor)
    /// An embedding table.
    case table(StoredTable)
    /// A linear map: the matrix of all its parts and their biases, one after the other.
    case linear(PackedMatrix, bias: Tensor)
    /// Held by the entry of the linear map's first weight.
    case partOfLinear
  }

  package let kernels: Kernels
  private let entries: [Entry]

  /// - Parameter entries: one a parameter, by its index.
  package init(_ entries: [Entry], kernels: Kernels) {
    self.entries = entries
    self.kernels = kernels
  }

  package func vector(_ parameter: Parameter) -> Tensor {
    guard case .vector(let tensor) = entries[parameter.index] else {
      preconditionFailure("\(parameter.name) is no vector")
    }
    return tensor
  }

  package func table(_ parameter: Parameter) -> StoredTable {
    guard case .table(let table) = entries[parameter.index] else {
      preconditionFailure("\(parameter.name) is no table")
    }
    return table
  }

  package func linear(_ linear: Linear) -> (matrix: PackedMatrix, bias: Tensor) {
    guard case .linear(let matrix, let bias) = entries[linear.parts[0].weight.index] else {
      preconditionFailure("\(linear.parts[0].weight.name) is no linear map")
    }
    return (matrix, bias)
  }
}
