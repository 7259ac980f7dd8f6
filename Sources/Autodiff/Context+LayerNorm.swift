// SPDX-License-Identifier: Apache-2.0

import CKernels
import TensorCore

extension Context {
  /// The layer norm of each row of x, or of x + residual: `[rows, features]` to the same.
  package func layerNorm(_ x: Variable, residual: Variable? = nil, _ norm: LayerNorm) -> Variable {
    let rows = x.tensor.shape[0], features = norm.weight.shape[0]
    precondition(x.tensor.shape == [rows, features], "layer norm of \(features) fed \(x.tensor.shape)")
    precondition(residual == nil || residual?.tensor.shape == x.tensor.shape, "residual of another shape")
    let gamma = weights.vector(norm.weight), beta = weights.vector(norm.bias)
    let y = result(rows, features)
    forEachRange(rows, grain: max(1, 16384 / max(features, 1))) { range in
      let offset = range.lowerBound * features
      kernels.table.pointee.layer_norm(
        range.count, features, x.tensor.buffer.base + offset, residual.map { $0.tensor.buffer.base + offset },
        gamma.buffer.base, beta.buffer.base, norm.epsilon, y.buffer.base + offset)
    }
    return record(y, LayerNormOperation(input: x, residual: residual, norm: norm))
  }
}

struct LayerNormOperation: Operation {
  let input: Variable
  let residual: Variable?
  let norm: LayerNorm

  var inputs: [Variable] { [input] + (residual.map { [$0] } ?? []) }
}
