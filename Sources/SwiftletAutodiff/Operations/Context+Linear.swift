// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

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
    let rows = x.shape[0], y = result(rows, layer.outputs)
    let inputs = matrix.convertsInputs ? converted(x, for: matrix) : x
    forEachBlock(rows: rows, columns: layer.outputs) { rows, columns in
      matrix.product(
        rows: rows.count, inputs.buffer.base + rows.lowerBound * matrix.inputSize, columns: columns,
        bias: bias.buffer.base, activation.kernel, y.buffer.base + rows.lowerBound * layer.outputs, worker.workspace)
    }
    return y
  }

  private func converted(_ x: Tensor, for matrix: PackedMatrix) -> Tensor {
    let converted = result(x.shape[0], matrix.inputSize)
    forEachRange(x.shape[0], grain: 32) { rows in
      matrix.convert(
        rows: rows.count, x.buffer.base + rows.lowerBound * matrix.inputs,
        to: converted.buffer.base + rows.lowerBound * matrix.inputSize, worker.workspace)
    }
    return converted
  }

  /// Runs `body` on blocks of a product's result, whose columns are those of a panel: on all rows at once unless the
  /// panels are too few for the threads.
  private func forEachBlock(rows: Int, columns: Int, _ body: @escaping (_ rows: Range<Int>, Range<Int>) -> Void) {
    let width = kernels.table.pointee.panel_width, panels = (columns + width - 1) / width
    let parts = max(1, min(worker.threadCount * 4 / max(panels, 1), rows / 64))
    forEachRange(panels * parts, grain: 1) { range in
      for index in range {
        let (panel, part) = index.quotientAndRemainder(dividingBy: parts)
        body(rows * part / parts..<rows * (part + 1) / parts, panel * width..<min((panel + 1) * width, columns))
      }
    }
  }

  /// Runs `body` on ranges of columns that start where a panel does, and cover 0..<count.
  fileprivate func forEachPanel(_ count: Int, _ body: @escaping (Range<Int>) -> Void) {
    let width = kernels.table.pointee.panel_width
    forEachRange((count + width - 1) / width, grain: 1) { panels in
      body(panels.lowerBound * width..<min(panels.upperBound * width, count))
    }
  }
}

struct LinearOperation: Operation {
  let input: Variable
  let layer: Linear
  /// x W^T + b, where an activation follows.
  let preactivation: Tensor?
  let activation: Activation

  /// With z = x W^T + b and y = f(z): dz = dy f'(z), dx = dz W, dW += dz^T x, db += the sum of dz's rows.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let context = pass.context
    let gradient = preactivation.map { context.activationGradient(gradient, $0, activation) } ?? gradient
    if let gradients = pass.gradients, gradients.wants(layer.parts.map(\.weight)) {
      context.addWeightGradient(gradient, input.tensor, to: gradients.slice(gradients.layout.matrix(layer)))
    }
    if let gradients = pass.gradients, gradients.wants(layer.parts.map(\.bias)) {
      context.addSumOfRows(gradient, to: gradients.slice(gradients.layout.bias(layer)))
    }
    if input.node != nil { pass.add(context.inputGradient(gradient, layer), to: input) }
  }
}

extension Context {
  fileprivate func activationGradient(_ gradient: Tensor, _ preactivation: Tensor, _ activation: Activation) -> Tensor {
    let result = Tensor(uninitialized: gradient.shape, in: worker.workspace)
    forEachRange(result.count, grain: 4096) { range in
      kernels.table.pointee.map_gradient(
        range.count, activation.kernel, preactivation.buffer.base + range.lowerBound,
        gradient.buffer.base + range.lowerBound, result.buffer.base + range.lowerBound)
    }
    return result
  }

  /// W's part in dx = dz W, a few columns of W packed at a time.
  fileprivate func inputGradient(_ gradient: Tensor, _ layer: Linear) -> Tensor {
    let rows = weights.rows(layer)
    let result = result(gradient.shape[0], layer.inputs)
    forEachPanel(layer.inputs) { columns in
      let packed = Tensor(uninitialized: [layer.outputs * ((columns.count + 15) / 16 * 16)], in: worker.workspace)
      kernels.table.pointee.pack(
        layer.outputs, columns.count, rows.buffer.base + columns.lowerBound, layer.inputs, 1, packed.buffer.base)
      kernels.table.pointee.product(
        gradient.shape[0], columns.count, layer.outputs, gradient.buffer.base, layer.outputs, packed.buffer.base, nil,
        SWLT_IDENTITY, result.buffer.base + columns.lowerBound, layer.inputs)
    }
    return result
  }

  /// dW += dz^T x, token by token: the sums start at dW.
  fileprivate func addWeightGradient(_ gradient: Tensor, _ x: Tensor, to sum: UnsafeMutableBufferPointer<Float>) {
    guard let sum = sum.baseAddress else { return }
    let tokens = x.shape[0], inputs = x.shape[1], outputs = gradient.shape[1]
    let packed = Tensor(uninitialized: [tokens * ((inputs + 15) / 16 * 16)], in: worker.workspace)
    forEachPanel(inputs) { columns in
      kernels.table.pointee.pack(
        tokens, columns.count, x.buffer.base + columns.lowerBound, inputs, 1,
        packed.buffer.base + columns.lowerBound * tokens)
    }
    forEachRange(outputs, grain: 32) { range in
      kernels.table.pointee.add_product(
        range.count, inputs, tokens, gradient.buffer.base + range.lowerBound, 1, outputs, packed.buffer.base,
        sum + range.lowerBound * inputs, inputs)
    }
  }

  /// Adds the rows of x, one by one.
  func addSumOfRows(_ x: Tensor, times factor: Tensor? = nil, to sum: UnsafeMutableBufferPointer<Float>) {
    let rows = x.shape[0], columns = x.shape[1]
    guard let sum = sum.baseAddress else { return }
    forEachRange(columns, grain: 64) { range in
      kernels.table.pointee.add_rows(
        rows, range.count, x.buffer.base + range.lowerBound, factor.map { $0.buffer.base + range.lowerBound }, columns,
        sum + range.lowerBound)
    }
  }
}
