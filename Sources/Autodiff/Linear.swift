// SPDX-License-Identifier: Apache-2.0

/// The map x W^T + b, of which a checkpoint may hold W and b in several parts, one a group of outputs.
///
/// Queries, keys and values are one such map of three parts: one product in place of three.
package struct Linear: Sendable {
  package struct Part: Sendable {
    /// `[outputs, inputs]`
    package let weight: Parameter
    /// `[outputs]`
    package let bias: Parameter
  }

  package let parts: [Part]
  package let inputs: Int
  package let outputs: Int

  /// - Parameters:
  ///   - scopes: one a part, whose parameters are called `weight` and `bias`.
  ///   - outputs: the outputs of each part.
  package init(_ scopes: ParameterScope..., inputs: Int, outputs: Int) {
    parts = scopes.map {
      Part(weight: $0.parameter("weight", outputs, inputs), bias: $0.parameter("bias", outputs))
    }
    self.inputs = inputs
    self.outputs = outputs * scopes.count
  }
}
