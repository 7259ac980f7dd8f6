// SPDX-License-Identifier: Apache-2.0

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
