// SPDX-License-Identifier: Apache-2.0

/// A trainable tensor of a model: its name in weights files, its shape, and its place in the model's list of
/// parameters.
///
/// Loading, saving, gradients and the optimizer's state all follow that list.
package struct Parameter: Sendable, Hashable {
  /// The name in a weights file, for example `encoder.layer.0.attention.self.query.weight`.
  package let name: String

  /// The shape in a weights file.
  package let shape: [Int]

  /// The place in the model's list of parameters.
  package let index: Int

  /// The number of elements.
  package var count: Int { shape.reduce(1, *) }
}

/// All parameters of a model, in the order of its layers, and grouped by their use.
package struct ParameterList: Sendable {
  /// Each parameter at its index.
  package internal(set) var parameters: [Parameter] = []

  /// The linear maps, whose weights are packed together with all their parts.
  package internal(set) var linears: [Linear] = []

  /// The embedding tables, which are read row by row.
  package internal(set) var tables: [Parameter] = []

  /// The scales and shifts of the normalizations.
  package internal(set) var vectors: [Parameter] = []

  package init() {}
}
