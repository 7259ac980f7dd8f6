// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// The parameters of layer normalization: each row is normalized to mean 0 and variance 1, then scaled and shifted.
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

extension Context {
  /// The layer norm of each row of x, or of x + residual: `[rows, features]` to the same.
  package func layerNorm(_ x: Variable, residual: Variable? = nil, _ norm: LayerNorm) -> Variable {
    let rows = x.tensor.shape[0], features = norm.weight.shape[0]
    precondition(x.tensor.shape == [rows, features], "layer norm of \(features) fed \(x.tensor.shape)")
    precondition(residual == nil || residual?.tensor.shape == x.tensor.shape, "residual of another shape")
    let gamma = weights.vector(norm.weight), beta = weights.vector(norm.bias)
    let y = result(rows, features)
    forEachRange(0..<rows, grain: max(1, 3072 / max(features, 1))) { range, _ in
      kernels.layerNorm(
        x.tensor.matrix.rows(range), residual: residual?.tensor.matrix.rows(range), gamma: gamma.vector,
        beta: beta.vector, epsilon: norm.epsilon, into: y.matrix.rows(range))
    }
    return record(y, LayerNormOperation(input: Operand(x), residual: residual.map(Operand.init), norm: norm))
  }
}

struct LayerNormOperation: Operation {
  let input: Operand
  let residual: Operand?
  let norm: LayerNorm

  /// With h the normalized rows of z = x + residual, s their deviation and g = dy gamma:
  /// dz = (g - mean(g) - h mean(g h)) / s, dgamma += the sum over rows of dy h, dbeta += that of dy.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let context = pass.context, kernels = context.kernels
    let rows = gradient.shape[0], features = gradient.shape[1]
    let gamma = context.weights.vector(norm.weight)
    let normalized = context.result(rows, features), result = context.result(rows, features)
    context.forEachRange(rows, grain: max(1, 8192 / max(features, 1))) { range in
      kernels.layerNormGradient(
        input.tensor.matrix.rows(range), residual: residual?.tensor.matrix.rows(range), gamma: gamma.vector,
        epsilon: norm.epsilon, gradient: gradient.matrix.rows(range), normalized: normalized.matrix.rows(range),
        into: result.matrix.rows(range))
    }
    if let gradients = pass.gradients, gradients.wants(norm.weight) {
      context.addSumOfRows(gradient.matrix, times: normalized, to: gradients[norm.weight])
    }
    if let gradients = pass.gradients, gradients.wants(norm.bias) {
      context.addSumOfRows(gradient.matrix, to: gradients[norm.bias])
    }
    pass.add(result, to: input)
    if let residual { pass.add(result, to: residual) }
  }
}
