// SPDX-License-Identifier: Apache-2.0

import CKernels
import TensorCore

extension Context {
  /// activation(x W^T + b): `[rows, inputs]` to `[rows, outputs]`.
  package func linear(_ x: Variable, _ layer: Linear, activation: Activation = .identity) -> Variable {
    let rows = x.tensor.shape[0]
    precondition(x.tensor.shape == [rows, layer.inputs], "linear map of \(layer.inputs) fed \(x.tensor.shape)")
    let preactivation = product(x.tensor, layer, tape == nil ? activation : .identity)
    guard tape != nil, activation != .identity else {
      return record(preactivation, LinearOperation(input: x, layer: layer, preactivation: nil, activation: activation))
    }
    let y = result(rows, layer.outputs)
    forEachRange(y.count, grain: 4096) { range in
      kernels.table.pointee.map(
        range.count, activation.kernel, preactivation.buffer.base + range.lowerBound, y.buffer.base + range.lowerBound)
    }
    return record(
      y, LinearOperation(input: x, layer: layer, preactivation: preactivation, activation: activation))
  }

  private func product(_ x: Tensor, _ layer: Linear, _ activation: Activation) -> Tensor {
    let (matrix, bias) = weights.linear(layer)
    let y = result(x.shape[0], layer.outputs)
    let width = matrix.panelWidth
    forEachRange((layer.outputs + width - 1) / width, grain: 1) { panels in
      let first = panels.lowerBound * width
      kernels.table.pointee.product(
        x.shape[0], min(panels.upperBound * width, layer.outputs) - first, layer.inputs, x.buffer.base, layer.inputs,
        matrix.panels.buffer.base + first * layer.inputs, bias.buffer.base + first, activation.kernel,
        y.buffer.base + first, layer.outputs)
    }
    return y
  }
}

struct LinearOperation: Operation {
  let input: Variable
  let layer: Linear
  /// x W^T + b, where an activation follows.
  let preactivation: Tensor?
  let activation: Activation

  var inputs: [Variable] { [input] }
}
