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
