// SPDX-License-Identifier: Apache-2.0

import CKernels

/// A matrix `[inputs, outputs]` packed once into the column panels that a product reads in order.
///
/// The layout is the one of the kernels' path: panel after panel, each `inputs` rows of its columns.
package struct PackedMatrix: Sendable {
  package let inputs: Int
  package let outputs: Int
  package let kernels: Kernels

  /// All panels; a product over the columns from `first` on, a multiple of `panelWidth`, starts at
  /// `first * inputs`.
  package let panels: Tensor

  /// The columns of a panel.
  package var panelWidth: Int { kernels.table.pointee.panel_width }

  /// A matrix whose panels the caller packs.
  package init(uninitialized inputs: Int, _ outputs: Int, kernels: Kernels, workspace: Workspace? = nil) {
    self.inputs = inputs
    self.outputs = outputs
    self.kernels = kernels
    panels = Tensor(uninitialized: [inputs * ((outputs + 15) / 16 * 16)], in: workspace)
  }

  /// Packs the transpose of a row-major matrix `[outputs, inputs]`: its rows become columns.
  ///
  /// - Parameters:
  ///   - workspace: lends the memory for the matrix while it is packed.
  ///   - fill: writes the matrix into the memory it is given.
  package init<Failure: Error>(
    inputs: Int, outputs: Int, kernels: Kernels, workspace: Workspace,
    transposing fill: (UnsafeMutablePointer<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    let rows = workspace.buffer(count: inputs * outputs)
    try fill(rows.base)
    self.init(uninitialized: inputs, outputs, kernels: kernels)
    pack(rows.base, columns: 0..<outputs)
  }

  /// Packs some columns from the rows of a row-major matrix `[outputs, inputs]`; they start where a panel does.
  package func pack(_ rows: UnsafePointer<Float>, columns: Range<Int>) {
    kernels.table.pointee.pack(
      inputs, columns.count, rows + columns.lowerBound * inputs, 1, inputs,
      panels.buffer.base + columns.lowerBound * inputs)
  }
}
