// SPDX-License-Identifier: Apache-2.0

/// One tensor that a model learns: its name in checkpoints, its shape, and its place in the model's one list.
///
/// Loading, saving, gradients and the optimizer's state all go by that list, an array entry a parameter.
package struct Parameter: Sendable, Hashable {
  /// The name in a checkpoint, as `encoder.layer.0.attention.self.query.weight`.
  package let name: String

  /// The shape in a checkpoint.
  package let shape: [Int]

  /// The place in the model's list of parameters.
  package let index: Int

  /// The number of elements.
  package var count: Int { shape.reduce(1, *) }
}

/// All parameters of a model in the order of one walk through its layers, and how its ops use them.
package struct ParameterList: Sendable {
  /// Each parameter at its index.
  package internal(set) var parameters: [Parameter] = []

  /// The linear maps, whose weights are packed together with all their parts.
  package internal(set) var linears: [Linear] = []

  /// The embedding tables, which are read row by row.
  package internal(set) var tables: [Parameter] = []

  /// The scales and shifts of the normalisations.
  package internal(set) var vectors: [Parameter] = []

  package init() {}
}
