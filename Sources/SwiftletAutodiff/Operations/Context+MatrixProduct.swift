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
    forEachRange((a.rows + kernels.tileRows - 1) / kernels.tileRows, grain: 1) { tiles in
      let rows = tiles.lowerBound * kernels.tileRows..<min(tiles.upperBound * kernels.tileRows, a.rows)
      kernels.addProduct(a.rows(rows), packed: VectorView(panels), to: y.matrix.rows(rows))
    }
    return y
  }

  /// Packs b, `[inputs, outputs]`, a few panels at a time.
  func pack(_ b: MatrixView, into packed: VectorView, _ products: ProductKernels) {
    forEachPanel(0..<b.columns) { columns, scratch in
      // The panels before take as much as so many columns do when packed.
      let start = products.packedCount(inputs: b.rows, outputs: columns.lowerBound)
      let count = products.packedCount(inputs: b.rows, outputs: columns.count)
      products.pack(b.columns(columns), into: packed[start..<start + count], &scratch)
    }
  }

  /// Runs `body` on ranges that cover some columns, of which the first begins a panel, as does that of each range.
  func forEachPanel(_ columns: Range<Int>, _ body: @escaping (_ part: Range<Int>, _ scratch: inout Scratch) -> Void) {
    let width = kernels.panelWidth, start = columns.lowerBound, end = columns.upperBound
    forEachRange((columns.count + width - 1) / width, grain: 1) { panels, scratch in
      body(start + panels.lowerBound * width..<min(start + panels.upperBound * width, end), &scratch)
    }
  }
}
