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
  /// Of all parts together.
  package let outputs: Int
}
