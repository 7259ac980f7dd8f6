// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

extension Context {
  /// The matrix product a b.
  func matrixProduct(_ a: MatrixView, _ b: MatrixView) -> Tensor {
    precondition(a.columns == b.rows, "product of \(a.rows) x \(a.columns) and \(b.rows) x \(b.columns)")
    let panels = worker.workspace.buffer(count: Kernels.packedCount(inputs: b.rows, outputs: b.columns))
    // `addProduct` onto 0, since `product` does not take a transposed a.
    let y = zeros(shape: [a.rows, b.columns])
    pack(b, into: VectorView(panels), ProductKernels(.float32, kernels: kernels))
    forEachRange(0..<a.rows, step: kernels.tileRows, grain: 1) { rows, _ in
      kernels.addProduct(a.rows(rows), packed: VectorView(panels), to: y.matrix.rows(rows))
    }
    return y
  }

  /// Packs b, `[inputs, outputs]`, a few panels at a time.
  func pack(_ b: MatrixView, into packed: VectorView, _ products: ProductKernels) {
    forEachRange(0..<b.columns, step: kernels.panelWidth, grain: 1) { columns, scratch in
      // The panels before take as much as so many columns do when packed.
      let start = products.packedCount(inputs: b.rows, outputs: columns.lowerBound)
      let count = products.packedCount(inputs: b.rows, outputs: columns.count)
      products.pack(b.columns(columns), into: packed[start..<start + count], &scratch)
    }
  }
}
