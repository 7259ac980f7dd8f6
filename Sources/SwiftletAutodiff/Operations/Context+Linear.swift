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

  /// The outputs of the first part.
  var firstPart: Range<Int> { 0..<parts[0].weight.shape[0] }
}

extension Context {
  /// activation(x W^T + b): `[rows, inputs]` to `[rows, outputs]`.
  package func linear(_ x: Variable, _ layer: Linear, activation: Activation = .identity) -> Variable {
    let rows = x.tensor.shape[0]
    precondition(x.tensor.shape == [rows, layer.inputs], "linear map of \(layer.inputs) fed \(x.tensor.shape)")
    let activation = rounded(activation)
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

  /// The second map of activation(the first of x): `[rows, inputs]` of the first to `[rows, outputs]` of the second.
  package func feedForward(_ x: Variable, _ first: Linear, _ activation: Activation, _ second: Linear) -> Variable {
    let products = weights.linear(first).matrix.products, inputs = products.inputCount(first.outputs)
    // Where nobody else reads what is between the maps, the first product writes it as the second takes it.
    guard tape == nil, let share = products.inputsWritten, share * inputs == first.outputs else {
      return linear(linear(x, first, activation: activation), second)
    }
    precondition(x.tensor.shape[1] == first.inputs && first.outputs == second.inputs, "maps that do not fit")
    let rows = x.tensor.shape[0], between = result(rows, inputs).matrix, y = result(rows, second.outputs)
    let (matrix, bias) = weights.linear(first)
    let converted = converted(x.tensor.matrix, for: products), biases = bias?.vector, function = rounded(activation)
    forEachBlock(rows: rows, 0..<first.outputs) { rows, columns, _ in
      matrix.product(converted, rows: rows, columns: columns, bias: biases, function, asInputs: between)
    }
    multiply(converted: between, second, 0..<second.outputs, .identity, into: y)
    return constant(y)
  }

  /// The activation whose results are exact enough for what is rounded after it.
  private func rounded(_ activation: Activation) -> Activation {
    precision != .float32 && activation == .gelu ? .gelu8Bit : activation
  }

  /// x W^T + b of a map of several parts, where the outputs of the first part are wanted of some rows only. In other rows
  /// they may be any numbers, and their gradient is 0.
  ///
  /// For example, the last layer of an encoder wants all keys and values, but the queries of a text's first token only.
  ///
  /// - Parameter gathered: the rows of x at `rows`, which the caller has already. They get no gradient of their own: x gets it.
  package func linear(_ x: Variable, _ layer: Linear, firstPartOf rows: [Int], gathered: Tensor) -> Variable {
    precondition(
      x.tensor.shape == [x.tensor.shape[0], layer.inputs], "linear map of \(layer.inputs) fed \(x.tensor.shape)")
    precondition(
      gathered.shape == [rows.count, layer.inputs], "\(rows.count) rows of \(layer.inputs) given as \(gathered.shape)")
    let first = layer.firstPart.count, width = kernels.panelWidth
    let y = result(x.tensor.shape[0], layer.outputs), some = result(rows.count, layer.outputs)
    multiply(x.tensor, layer, first / width * width..<layer.outputs, .identity, into: y)
    let firstPanels = min((first + width - 1) / width * width, layer.outputs)
    multiply(gathered, layer, 0..<firstPanels, .identity, into: some)
    for (place, row) in rows.enumerated() {
      y.matrix.row(row)[layer.firstPart].copy(from: some.matrix.row(place)[layer.firstPart])
    }
    return record(y, LinearRowsOperation(input: Operand(x), layer: layer, rows: rows, gathered: gathered))
  }

  private func product(_ x: Tensor, _ layer: Linear, _ activation: Activation) -> Tensor {
    let y = result(x.shape[0], layer.outputs)
    multiply(x, layer, 0..<layer.outputs, activation, into: y)
    return y
  }

  /// Computes some columns of a map's outputs, of which the first begins a panel.
  private func multiply(
    _ x: Tensor, _ layer: Linear, _ columns: Range<Int>, _ activation: Activation, into y: Tensor
  ) {
    let inputs = converted(x.matrix, for: weights.linear(layer).matrix.products)
    multiply(converted: inputs, layer, columns, activation, into: y)
  }

  /// The same of inputs as the product takes them.
  private func multiply(
    converted inputs: MatrixView, _ layer: Linear, _ columns: Range<Int>, _ activation: Activation, into y: Tensor
  ) {
    let (matrix, bias) = weights.linear(layer)
    // Made once, outside the loop: each view retains its buffer, and threads would contend for that reference count.
    let outputs = y.matrix, biases = bias?.vector
    forEachBlock(rows: inputs.rows, columns) { rows, columns, scratch in
      matrix.product(inputs, rows: rows, columns: columns, bias: biases, activation, into: outputs, &scratch)
    }
  }

  /// Rows as a product takes them.
  fileprivate func converted(_ x: MatrixView, for products: ProductKernels) -> MatrixView {
    guard products.convertsInputs else { return x }
    let converted = result(x.rows, products.inputCount(x.columns)).matrix
    // One thread converts fewer numbers sooner than it can share them.
    forEachRange(0..<x.rows, grain: max(1, 12288 / max(x.columns, 1))) { rows, scratch in
      products.convert(x.rows(rows), into: converted.rows(rows), &scratch)
    }
    return converted
  }

  /// Runs `body` on blocks of a product's result, whose columns are those of some panels: on all rows at once unless
  /// the panels are too few for the threads.
  private func forEachBlock(
    rows: Int, _ columns: Range<Int>,
    _ body: @escaping (_ rows: Range<Int>, _ columns: Range<Int>, _ scratch: inout Scratch) -> Void
  ) {
    let width = kernels.panelWidth, panels = (columns.count + width - 1) / width
    let parts = max(1, min(worker.threadCount * 4 / max(panels, 1), rows / 64))
    if parts == 1 { return forEachRange(columns, step: width, grain: 1) { body(0..<rows, $0, &$1) } }
    forEachRange(0..<panels * parts, grain: 1) { range, scratch in
      for index in range {
        let (panel, part) = index.quotientAndRemainder(dividingBy: parts)
        let first = columns.lowerBound + panel * width
        scratch.reset()
        body(rows * part / parts..<rows * (part + 1) / parts, first..<min(first + width, columns.upperBound), &scratch)
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
    context.addParameterGradients(gradient, input.tensor, layer, outputs: 0..<layer.outputs, to: pass.gradients)
    if input.node != nil {
      pass.add(context.inputGradient(gradient, layer, outputs: 0..<layer.outputs), to: input)
    }
  }
}

struct LinearRowsOperation: Operation {
  let input: Operand
  let layer: Linear
  /// The rows of which the first part's outputs are wanted.
  let rows: [Int]
  /// These rows of the input.
  let gathered: Tensor

  /// The terms of other rows' first parts would be 0, which changes no sum. So they are left out.
  func backward(_ gradient: Tensor, in pass: BackwardPass) {
    let context = pass.context, some = context.gathered(gradient, rows)
    let others = layer.firstPart.upperBound..<layer.outputs
    context.addParameterGradients(gradient, input.tensor, layer, outputs: others, to: pass.gradients)
    context.addParameterGradients(some, gathered, layer, outputs: layer.firstPart, to: pass.gradients)
    guard input.node != nil else { return }
    let result = context.inputGradient(gradient, layer, outputs: others)
    let whole = context.inputGradient(some, layer, outputs: 0..<layer.outputs)
    for (place, row) in rows.enumerated() { result.matrix.row(row).copy(from: whole.matrix.row(place)) }
    pass.add(result, to: input)
  }
}

extension Context {
  /// Some rows of a matrix.
  fileprivate func gathered(_ x: Tensor, _ rows: [Int]) -> Tensor {
    let y = result(rows.count, x.shape[1])
    for (place, row) in rows.enumerated() { y.matrix.row(place).copy(from: x.matrix.row(row)) }
    return y
  }

  fileprivate func activationGradient(_ gradient: Tensor, _ preactivation: Tensor, _ activation: Activation) -> Tensor {
    let result = Tensor(uninitialized: gradient.shape, in: worker.workspace)
    forEachRange(result.count, grain: 4096) { range in
      kernels.mapGradient(
        preactivation.vector[range], activation, gradient: gradient.vector[range], into: result.vector[range])
    }
    return result
  }

  /// dx = dz W for some of W's outputs, a few columns of W packed at a time.
  fileprivate func inputGradient(_ gradient: Tensor, _ layer: Linear, outputs: Range<Int>) -> Tensor {
    let rows = weights.rows(layer).matrix.rows(outputs), products = products
    let result = result(gradient.shape[0], layer.inputs)
    let gradient = converted(gradient.matrix.columns(outputs), for: products)
    forEachRange(0..<layer.inputs, step: kernels.panelWidth, grain: 1) { columns, scratch in
      let packed = scratch.take(products.packedCount(inputs: outputs.count, outputs: columns.count))
      products.pack(rows.columns(columns), into: packed, &scratch)
      products.product(
        gradient, inputs: outputs.count, packed: packed, into: result.matrix.columns(columns), &scratch)
    }
    return result
  }

  /// Adds the gradients of some outputs' weights and biases.
  fileprivate func addParameterGradients(
    _ gradient: Tensor, _ x: Tensor, _ layer: Linear, outputs: Range<Int>, to gradients: Gradients?
  ) {
    guard let gradients else { return }
    let gradient = gradient.matrix.columns(outputs)
    if gradients.wants(layer.parts.map(\.weight)) {
      let sum = gradients.slice(gradients.layout.matrix(layer)).matrix(columns: layer.inputs)
      addWeightGradient(gradient, x, to: sum.rows(outputs))
    }
    if gradients.wants(layer.biases), let bias = gradients.layout.bias(layer) {
      addSumOfRows(gradient, to: gradients.slice(bias)[outputs])
    }
  }

  /// dW += dz^T x, token by token: the sums start at dW.
  private func addWeightGradient(_ gradient: MatrixView, _ x: Tensor, to sum: MatrixView) {
    let tokens = x.shape[0], products = products
    let packed = VectorView(worker.workspace.buffer(count: products.packedCount(inputs: tokens, outputs: x.shape[1])))
    pack(x.matrix, into: packed, products)
    forEachRange(0..<gradient.columns, grain: 32) { range, scratch in
      let gradient = gradient.columns(range)
      guard products.convertsInputs else {
        return kernels.addProduct(gradient.transposed, packed: packed, to: sum.rows(range))
      }
      let inputs = scratch.take(rows: range.count, columns: products.inputCount(tokens))
      products.convertColumns(gradient, into: inputs)
      products.addProduct(inputs, inputs: tokens, packed: packed, to: sum.rows(range))
    }
  }

  /// The product kernels for matrices that are packed for one product only, such as gradients.
  private var products: ProductKernels { ProductKernels(WeightFormat(precision, areHalves: false), kernels: kernels) }

  /// Adds the rows of x, one by one.
  func addSumOfRows(_ x: MatrixView, times factor: Tensor? = nil, to sum: VectorView) {
    forEachRange(x.columns, grain: 64) { range in
      kernels.addRows(x.columns(range), times: factor?.matrix.columns(range), to: sum[range])
    }
  }
}
