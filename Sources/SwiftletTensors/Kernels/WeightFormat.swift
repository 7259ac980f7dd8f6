// SPDX-License-Identifier: Apache-2.0

/// How a packed matrix holds its weights, and so what a product takes its inputs as.
package enum WeightFormat: Sendable {
  case float32
  /// Halves, of weights that are halves: the products of float32, from half the memory. As float32 where the kernels'
  /// path has no instruction for them.
  case float16
  case bfloat16
  case int8

  /// - Parameter areHalves: whether the weights lose nothing as halves.
  package init(_ precision: Precision, areHalves: Bool) {
    self =
      switch precision {
      case .float32: areHalves ? .float16 : .float32
      case .bfloat16: .bfloat16
      case .int8: .int8
      }
  }
}
