// SPDX-License-Identifier: Apache-2.0

package import CSwiftletKernels

/// A matrix `[inputs, outputs]` packed once into the column panels that a product reads in order.
///
/// The layout is the one of the kernels' path and the format: panel after panel, in each the inputs' rows of its
/// columns.
package struct PackedMatrix: Sendable {
  package let inputs: Int
  package let outputs: Int
  package let kernels: Kernels
  private let format: WeightFormat
  private let panels: TensorBuffer
  private var compact: UnsafePointer<swlt_compact>? { format.compact(kernels) }

  /// The columns of a panel.
  package var panelWidth: Int { kernels.table.pointee.panel_width }

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
    self.format = format
    panels = memory
  }

  /// The numbers, 4 bytes each, that a packed matrix takes.
  package static func packedCount(inputs: Int, outputs: Int, format: WeightFormat = .float32, kernels: Kernels) -> Int {
    (byteCount(inputs, outputs, format.compact(kernels)) + 3) / 4
  }

  /// Packs the transpose of a row-major matrix `[outputs, inputs]`: its rows become columns.
  ///
  /// - Parameters:
  ///   - memory: for the packed matrix; nil: its own.
  ///   - workspace: lends the memory for the matrix while it is packed.
  ///   - fill: writes the matrix into the memory it is given.
  package init<Failure: Error>(
    inputs: Int, outputs: Int, format: WeightFormat = .float32, kernels: Kernels, in memory: TensorBuffer? = nil,
    workspace: Workspace, transposing fill: (UnsafeMutablePointer<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    let rows = workspace.buffer(count: inputs * outputs)
    try fill(rows.base)
    let count = PackedMatrix.packedCount(inputs: inputs, outputs: outputs, format: format, kernels: kernels)
    self.init(
      uninitialized: inputs, outputs, format: format, kernels: kernels, in: memory ?? TensorBuffer(count: count))
    pack(rows.base, columns: 0..<outputs, workspace)
  }

  /// Packs some columns from the rows of a row-major matrix `[outputs, inputs]`; they start where a panel does.
  package func pack(_ rows: UnsafePointer<Float>, columns: Range<Int>, _ workspace: Workspace) {
    let rows = rows + columns.lowerBound * inputs, panels = start(columns)
    if let compact {
      let scratch = scratch(workspace)
      compact.pointee.pack(inputs, columns.count, rows, 1, inputs, scratch.base, panels)
    } else {
      kernels.table.pointee.pack(
        inputs, columns.count, rows, 1, inputs, panels.assumingMemoryBound(to: Float.self))
    }
  }

  /// The numbers, 4 bytes each, that a row of inputs takes in the form of ``product(rows:_:columns:bias:_:_:rowStride:_:)``.
  package var inputSize: Int { compact.map { $0.pointee.input_size(inputs) / 4 } ?? inputs }

  /// Whether ``product(rows:_:columns:bias:_:_:rowStride:_:)`` takes other inputs than float32 numbers.
  package var convertsInputs: Bool { compact?.pointee.convert != nil }

  /// Rows of numbers as ``product(rows:_:columns:bias:_:_:rowStride:_:)`` takes them.
  package func convert(
    rows: Int, _ x: UnsafePointer<Float>, to converted: UnsafeMutablePointer<Float>, _ workspace: Workspace
  ) {
    guard let convert = compact?.pointee.convert else { preconditionFailure("float32 inputs are taken as they are") }
    let scratch = scratch(workspace)
    convert(rows, inputs, x, inputs, scratch.base, converted)
  }

  /// Some columns, from where a panel starts, of function(x W + bias).
  ///
  /// - Parameters:
  ///   - x: rows of inputs, converted where that is asked for.
  ///   - bias: one number for each of all outputs; nil for none.
  ///   - y: the first row's first output, of all.
  ///   - rowStride: from one row of y to the next; nil: all outputs.
  ///   - workspace: lends memory for a panel.
  package func product(
    rows: Int, _ x: UnsafePointer<Float>, columns: Range<Int>, bias: UnsafePointer<Float>?,
    _ function: swlt_function, _ y: UnsafeMutablePointer<Float>, rowStride: Int? = nil, _ workspace: Workspace
  ) {
    let panels = start(columns), bias = bias.map { $0 + columns.lowerBound }, y = y + columns.lowerBound
    let rowStride = rowStride ?? outputs
    if let compact {
      let expands = compact.pointee.expands != 0 && rows >= SWLT_EXPANDED_ROWS
      let panel = expands ? workspace.buffer(count: inputs * panelWidth) : nil
      compact.pointee.product(
        rows, columns.count, inputs, x, panels, panel?.base, bias, function, y, rowStride)
    } else {
      kernels.table.pointee.product(
        rows, columns.count, inputs, x, inputs, panels.assumingMemoryBound(to: Float.self), bias, function, y,
        rowStride)
    }
  }

  /// Where the panel of the first of some columns starts.
  private func start(_ columns: Range<Int>) -> UnsafeMutableRawPointer {
    precondition(columns.lowerBound % panelWidth == 0 && columns.upperBound <= outputs, "no panel starts there")
    return UnsafeMutableRawPointer(panels.base) + PackedMatrix.byteCount(inputs, columns.lowerBound, compact)
  }

  private func scratch(_ workspace: Workspace) -> TensorBuffer { workspace.buffer(count: (inputs + 63) / 64 * 64) }

  private static func byteCount(_ inputs: Int, _ outputs: Int, _ compact: UnsafePointer<swlt_compact>?) -> Int {
    compact.map { $0.pointee.weights_size(inputs, outputs) } ?? inputs * ((outputs + 15) / 16 * 16) * 4
  }
}
