// SPDX-License-Identifier: Apache-2.0

/// The number format of a packed matrix's weights, and of the inputs of its products.
package enum WeightFormat: Sendable {
  case float32
  /// 16-bit floating-point numbers, for weights that are exact as such. The products are those of float32 with half the
  /// memory. Like `float32` on a CPU path without instructions for them.
  case float16
  case bfloat16
  case int8

  /// - Parameter areHalves: whether the weights are exact as 16-bit floating-point numbers.
  package init(_ precision: Precision, areHalves: Bool) {
    self =
      switch precision {
      case .float32: areHalves ? .float16 : .float32
      case .bfloat16: .bfloat16
      case .int8: .int8
      }
  }
}

/// A matrix `[inputs, outputs]` packed once into the column panels that a product reads in order.
///
/// The layout is the one of the kernels' path and the format: panel after panel, in each the inputs' rows of its
/// columns.
package struct PackedMatrix: Sendable {
  package let inputs: Int
  package let outputs: Int
  package let kernels: Kernels
  package let products: ProductKernels
  private let panels: VectorView

  /// The columns of a panel.
  package var panelWidth: Int { kernels.panelWidth }

  /// A matrix whose panels the caller packs.
  ///
  /// - Parameter memory: as many numbers as ``packedCount(inputs:outputs:format:kernels:)`` says.
  package init(
    uninitialized inputs: Int, _ outputs: Int, format: WeightFormat = .float32, kernels: Kernels,
    in memory: TensorBuffer
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.kernels = kernels
    products = ProductKernels(format, kernels: kernels)
    panels = VectorView(memory)
    precondition(
      panels.count >= products.packedCount(inputs: inputs, outputs: outputs),
      "\(inputs) x \(outputs) do not fit \(panels.count) numbers when packed")
  }

  /// The numbers, 4 bytes each, that a packed matrix takes.
  package static func packedCount(inputs: Int, outputs: Int, format: WeightFormat = .float32, kernels: Kernels) -> Int {
    ProductKernels(format, kernels: kernels).packedCount(inputs: inputs, outputs: outputs)
  }

  /// The numbers of a matrix that are held at a time while it is packed, unless a panel has more: a second-level cache holds
  /// them.
  private static let heldCount = 1 << 16

  /// Packs the transpose of a row-major matrix `[outputs, inputs]`: its rows become columns.
  ///
  /// - Parameters:
  ///   - memory: for the packed matrix; nil: its own.
  ///   - workspace: lends the memory for some of the rows.
  ///   - fill: writes some of the rows into the memory it is given. It is called for all, from the first on.
  package init<Failure: Error>(
    inputs: Int, outputs: Int, format: WeightFormat = .float32, kernels: Kernels, in memory: TensorBuffer? = nil,
    workspace: Workspace, transposing fill: (_ rows: Range<Int>, MatrixView) throws(Failure) -> Void
  ) throws(Failure) {
    let count = PackedMatrix.packedCount(inputs: inputs, outputs: outputs, format: format, kernels: kernels)
    self.init(
      uninitialized: inputs, outputs, format: format, kernels: kernels, in: memory ?? TensorBuffer(count: count))
    let step = min(max(PackedMatrix.heldCount / max(inputs, 1) / panelWidth, 1) * panelWidth, outputs)
    let held = MatrixView(workspace.buffer(count: step * inputs), rows: step, columns: inputs)
    var scratch = Scratch(workspace)
    for first in stride(from: 0, to: outputs, by: max(step, 1)) {
      let columns = first..<min(first + step, outputs), rows = held.rows(0..<columns.count)
      try fill(columns, rows)
      scratch.reset()
      products.pack(rows.transposed, into: panels(columns), &scratch)
    }
  }

  /// Packs some columns from the rows of a row-major matrix `[outputs, inputs]`; they start where a panel does.
  package func pack(_ rows: MatrixView, columns: Range<Int>, _ scratch: inout Scratch) {
    precondition(
      rows.rows == outputs && rows.columns == inputs, "\(rows.rows) x \(rows.columns) for \(outputs) x \(inputs)")
    products.pack(rows.rows(columns).transposed, into: panels(columns), &scratch)
  }

  /// Some rows and columns, from where a panel starts, of function(x W + bias).
  ///
  /// - Parameters:
  ///   - x: all rows of inputs, converted where that is asked for.
  ///   - rows: nil for all.
  ///   - bias: one number for each of all outputs; nil for none.
  ///   - y: `[rows, outputs]`: all results, of which those rows and columns are written.
  package func product(
    _ x: MatrixView, rows: Range<Int>? = nil, columns: Range<Int>, bias: VectorView?,
    _ function: Activation = .identity, into y: MatrixView, _ scratch: inout Scratch
  ) {
    let rows = rows ?? 0..<x.rows
    precondition(
      y.rows == x.rows && y.columns == outputs, "\(x.rows) rows into \(y.rows) x \(y.columns), \(outputs) outputs")
    products.product(
      x.rows(rows), inputs: inputs, packed: panels(columns), bias: bias?[columns], function,
      into: y.rows(rows).columns(columns), &scratch)
  }

  /// The same as inputs of the next product.
  ///
  /// - Parameter next: all rows of inputs, of which the parts of those rows and columns are written.
  package func product(
    _ x: MatrixView, rows: Range<Int>, columns: Range<Int>, bias: VectorView?, _ function: Activation,
    asInputs next: MatrixView
  ) {
    guard let share = products.inputsWritten else { preconditionFailure("products of this format are not made inputs") }
    precondition(
      next.rows == x.rows && share * next.columns == outputs && columns.lowerBound.isMultiple(of: share),
      "\(x.rows) rows into \(next.rows) x \(next.columns), \(outputs) outputs")
    products.product(
      x.rows(rows), inputs: inputs, packed: panels(columns), bias: bias?[columns], function,
      asInputs: next.rows(rows).columns(columns.lowerBound / share..<columns.upperBound / share))
  }

  /// The panels of some columns, which start where a panel does.
  @inline(__always)
  private func panels(_ columns: Range<Int>) -> VectorView {
    precondition(
      columns.lowerBound % panelWidth == 0 && columns.upperBound <= outputs,
      "columns \(columns) of \(outputs) do not start at a panel of \(panelWidth)")
    let start = products.packedCount(inputs: inputs, outputs: columns.lowerBound)
    return panels[
      start..<start + products.packedCount(inputs: inputs, outputs: columns.upperBound - columns.lowerBound)]
  }
}
