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
    let paddedOutputs = (outputs + 15) / 16 * 16
    var panels = Tensor(uninitialized: [inputs * paddedOutputs])
    panels.withUnsafeMutableBufferPointer {
      kernels.table.pointee.pack(inputs, outputs, rows.base, 1, inputs, $0.baseAddress)
    }
    self.inputs = inputs
    self.outputs = outputs
    self.kernels = kernels
    self.panels = panels
  }
}
