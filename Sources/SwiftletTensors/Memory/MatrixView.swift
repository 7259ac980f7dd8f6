// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletTensors

/// A tensor `[rows, columns]`, or its transpose, as an operand of a matrix product.
struct MatrixView {
  let tensor: Tensor
  let rows: Int
  let columns: Int
  let rowStride: Int
  let columnStride: Int

  init(_ tensor: Tensor) {
    self.tensor = tensor
    (rows, columns, rowStride, columnStride) = (tensor.shape[0], tensor.shape[1], tensor.shape[1], 1)
  }

  init(transposed tensor: Tensor) {
    self.tensor = tensor
    (rows, columns, rowStride, columnStride) = (tensor.shape[1], tensor.shape[0], 1, tensor.shape[1])
  }
}

extension Context {
  /// The matrix product a b.
  func matrixProduct(_ a: MatrixView, _ b: MatrixView) -> Tensor {
    precondition(a.columns == b.rows, "product of \(a.rows) x \(a.columns) and \(b.rows) x \(b.columns)")
    let depth = a.columns, columns = b.columns, width = kernels.table.pointee.panel_width
    let panels = result(depth * ((columns + 15) / 16 * 16)), y = result(a.rows, columns)
    y.buffer.base.update(repeating: 0, count: y.count)
    forEachRange((columns + width - 1) / width, grain: 1) { range in
      let first = range.lowerBound * width
      kernels.table.pointee.pack(
        depth, min(range.upperBound * width, columns) - first, b.tensor.buffer.base + first * b.columnStride,
        b.rowStride, b.columnStride, panels.buffer.base + first * depth)
    }
    let tileRows = kernels.table.pointee.tile_rows
    forEachRange((a.rows + tileRows - 1) / tileRows, grain: 1) { tiles in
      let first = tiles.lowerBound * tileRows
      kernels.table.pointee.add_product(
        min(tiles.upperBound * tileRows, a.rows) - first, columns, depth, a.tensor.buffer.base + first * a.rowStride,
        a.rowStride, a.columnStride, panels.buffer.base, y.buffer.base + first * columns, columns)
    }
    return y
  }
}
