// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels

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

  /// The kernels for such products; nil for those of float32 alone.
  func compact(_ kernels: Kernels) -> UnsafePointer<swlt_compact>? {
    switch self {
    case .float32: nil
    case .float16: kernels.table.pointee.float16
    case .bfloat16: kernels.table.pointee.bfloat16
    case .int8: kernels.table.pointee.int8
    }
  }
}
