// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels

/// A function applied to each element.
package enum Activation: Sendable {
  /// x
  case identity
  /// x (1 + erf(x / √2)) / 2. Hendrycks, Gimpel: Gaussian error linear units, arXiv:1606.08415, 2016.
  case gelu
  /// GELU to 2^-12 in less time, for what is then rounded to 8 bits.
  case gelu8Bit
  /// x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2: the same paper's approximation, BERT's `gelu_new`.
  case geluTanh
  /// max(x, 0)
  case relu
  /// x / (1 + exp(-x)), also called swish.
  case silu
  /// tanh(x)
  case tanh
  /// log(1 + exp(x))
  case softplus
  /// 1 / (1 + exp(-x))
  case sigmoid

  var kernel: swlt_function {
    switch self {
    case .identity: SWLT_IDENTITY
    case .gelu: SWLT_GELU
    case .gelu8Bit: SWLT_GELU_8BIT
    case .geluTanh: SWLT_GELU_TANH
    case .relu: SWLT_RELU
    case .silu: SWLT_SILU
    case .tanh: SWLT_TANH
    case .softplus: SWLT_SOFTPLUS
    case .sigmoid: SWLT_SIGMOID
    }
  }
}
