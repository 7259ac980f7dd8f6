// SPDX-License-Identifier: Apache-2.0

/// The normalisation of each row to mean 0 and variance 1, then scaled and shifted an element.
///
/// Ba, Kiros, Hinton: Layer normalization, arXiv:1607.06450, 2016.
package struct LayerNorm: Sendable {
  /// gamma, `[features]`
  package let weight: Parameter
  /// beta, `[features]`
  package let bias: Parameter
  /// Added to the variance.
  package let epsilon: Float
}
