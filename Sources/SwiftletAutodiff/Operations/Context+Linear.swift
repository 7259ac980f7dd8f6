// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// The parameters of a linear map x W^T + b, or x W^T. A weights file may store W and b in several parts, each for some
/// outputs.
///
/// For example, queries, keys and values are one map of three parts, computed as one product.
package struct Linear: Sendable {
  package struct Part: Sendable {
    /// `[outputs, inputs]`
    package let weight: Parameter
    /// `[outputs]`; nil in all parts if the map has no bias.
    package let bias: Parameter?
  }

  package let parts: [Part]
  package let inputs: Int
  /// The number of outputs of all parts.
  package let outputs: Int

  /// The biases of all parts; empty if the map has none.
  package var biases: [Parameter] { parts.compactMap(\.bias) }
}

extension Context {
  /// activation(x W^T + b): `[rows, inputs]` to `[rows, outputs]`.
  package func linear(_ x: Variable, _ layer: Linear, activation: Activation = .identity) -> Variable {
    let rows = x.tensor.shape[0]
    precondition(x.tensor.shape == [rows, layer.inputs], "linear map of \(layer.inputs) fed \(x.tensor.shape)")
    let preactivation = product(x.tensor, layer, tape == nil ? activation : .identity)
    guard tape != nil, activation != .identity else {
      return record(
        preactivation, LinearOperation(input: Operand(x), layer: layer, preactivation: nil, activation: activation))
    }
    let y = result(rows, layer.outputs)
    forEachRange(y.count, grain: 4096) { range in
      kernels.map(preactivation.vector[range], activation, into: y.vector[range])
    }
    return record(
      y, LinearOperation(input: Operand(x), layer: layer, preactivation: preactivation, activation: activation))
  }

  private func product(_ x: Tensor, _ layer: Linear, _ activation: Activation) -> Tensor {
    let (matrix, bias) = weights.linear(layer)
    let y = result(x.shape[0], layer.outputs)
    // Made once: threads share the owners' count of each.
    let inputs = (matrix.convertsInputs ? converted(x, for: matrix) : x).matrix, outputs = y.matrix
    let biases = bias?.vector
    forEachBlock(rows: x.shape[0], columns: layer.outputs) { rows, columns in
      var scratch = Scratch(worker.workspace)
      matrix.product(inputs, rows: rows, columns: columns, bias: biases, activation, into: outputs, &scratch)
    }
    return y
  }

  private func converted(_ x: Tensor, for matrix: PackedMatrix) -> Tensor {
    let converted = result(x.shape[0], matrix.inputCount)
    forEachRange(x.shape[0], grain: 32) { rows in
      var scratch = Scratch(worker.workspace)
      matrix.convert(x.matrix.rows(rows), into: converted.matrix.rows(rows), &scratch)
    }
    return converted
  }

  /// Runs `body` on blocks of a product's result, whose columns are those of some panels: on all rows at once unless
  /// the panels are too few for the threads.
  private func forEachBlock(rows: Int, columns: Int, _ body: @escaping (_ rows: Range<Int>, Range<Int>) -> Void) {
    let width = kernels.panelWidth, panels = (columns + width - 1) / width
    let parts = max(1, min(worker.threadCount * 4 / max(panels, 1), rows / 64))
    if parts == 1 { return forEachPanel(columns) { body(0..<rows, $0) } }
    forEachRange(panels * parts, grain: 1) { range in
      for index in range {
        let (panel, part) = index.quotientAndRemainder(dividingBy: parts)
        body(rows * part / parts..<rows * (part + 1) / parts, panel * width..<min((panel + 1) * width, columns))
      }
    }
  }
}

struct LinearOperation: Operation {
  let input: Operand
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
    if let gradients = pass.gradients, gradients.wants(layer.biases), let bias = gradients.layout.bias(layer) {
      context.addSumOfRows(gradient, to: gradients.slice(bias))
    }
    if input.node != nil { pass.add(context.inputGradient(gradient, layer), to: input) }
  }
}

extension Context {
  fileprivate func activationGradient(_ gradient: Tensor, _ preactivation: Tensor, _ activation: Activation) -> Tensor {
    let result = Tensor(uninitialized: gradient.shape, in: worker.workspace)
    forEachRange(result.count, grain: 4096) { range in
      kernels.mapGradient(
        preactivation.vector[range], activation, gradient: gradient.vector[range], into: result.vector[range])
    }
    return result
  }

  /// W's part in dx = dz W, a few columns of W packed at a time.
  fileprivate func inputGradient(_ gradient: Tensor, _ layer: Linear) -> Tensor {
    let rows = weights.rows(layer)
    let result = result(gradient.shape[0], layer.inputs)
    forEachPanel(layer.inputs) { columns in
      var scratch = Scratch(worker.workspace)
      let packed = scratch.take(Kernels.packedCount(inputs: layer.outputs, outputs: columns.count))
      kernels.pack(rows.matrix.columns(columns), into: packed)
      kernels.product(gradient.matrix, packed: packed, into: result.matrix.columns(columns))
    }
    return result
  }

  /// dW += dz^T x, token by token: the sums start at dW.
  fileprivate func addWeightGradient(_ gradient: Tensor, _ x: Tensor, to sum: VectorView) {
    let outputs = gradient.shape[1], sum = sum.matrix(columns: x.shape[1])
    let packed = worker.workspace.buffer(count: Kernels.packedCount(inputs: x.shape[0], outputs: x.shape[1]))
    pack(x.matrix, into: VectorView(packed))
    forEachRange(outputs, grain: 32) { range in
      kernels.addProduct(
        gradient.matrix.columns(range).transposed, packed: VectorView(packed), to: sum.rows(range))
    }
  }

  /// Adds the rows of x, one by one.
  func addSumOfRows(_ x: Tensor, times factor: Tensor? = nil, to sum: VectorView) {
    forEachRange(x.shape[1], grain: 64) { range in
      kernels.addRows(x.matrix.columns(range), times: factor?.matrix.columns(range), to: sum[range])
    }
  }
}
