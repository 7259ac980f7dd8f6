// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// The numbers of a model's parameters in the form that its ops read, shared by all threads: nobody writes to them
/// while a computation reads them.
package struct Weights: Sendable {
  package enum Entry: Sendable {
    /// A bias or a normalization's scale or shift.
    case vector(Tensor)
    /// An embedding table.
    case table(EmbeddingTable)
    /// A linear map: the matrix of all its parts and their biases, one after the other, if it has any; where backward
    /// passes are to come, also the matrix as its rows, `[outputs, inputs]`.
    case linear(PackedMatrix, bias: Tensor?, rows: Tensor? = nil)
    /// Held by the entry of the linear map's first weight.
    case partOfLinear
  }

  package let kernels: Kernels
  /// The number format of products with these weights, and of attention.
  package let precision: Precision
  private let entries: [Entry]

  /// - Parameter entries: one a parameter, by its index.
  package init(_ entries: [Entry], precision: Precision = .float32, kernels: Kernels) {
    self.entries = entries
    self.precision = precision
    self.kernels = kernels
  }

  package func vector(_ parameter: Parameter) -> Tensor {
    guard case .vector(let tensor) = entries[parameter.index] else {
      preconditionFailure("\(parameter.name) is no vector")
    }
    return tensor
  }

  package func table(_ parameter: Parameter) -> EmbeddingTable {
    guard case .table(let table) = entries[parameter.index] else {
      preconditionFailure("\(parameter.name) is no table")
    }
    return table
  }

  package func linear(_ linear: Linear) -> (matrix: PackedMatrix, bias: Tensor?) {
    guard case .linear(let matrix, let bias, _) = entries[linear.parts[0].weight.index] else {
      preconditionFailure("\(linear.parts[0].weight.name) is no linear map")
    }
    return (matrix, bias)
  }

  /// The matrix of a linear map, `[outputs, inputs]`.
  package func rows(_ linear: Linear) -> Tensor {
    guard case .linear(_, _, let rows?) = entries[linear.parts[0].weight.index] else {
      preconditionFailure("\(linear.parts[0].weight.name) was not loaded for training")
    }
    return rows
  }
}
