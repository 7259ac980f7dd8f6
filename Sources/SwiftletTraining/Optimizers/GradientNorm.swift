// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletTensors

extension Gradients {
  /// Computes the norm of all gradients taken as one vector.
  ///
  /// The squares of a row are added in float32 in the kernels' order for rows. The sums of rows are added in double in
  /// the order of parameters and rows. A vector is one row. Frozen parameters and rows of tables without a gradient are
  /// skipped.
  package func norm(kernels: Kernels, worker: Worker) -> Double {
    let blocks = rowBlocks(), sums = Tensor(uninitialized: [blocks.last?.places.upperBound ?? 0])
    worker.forEach(blocks.count) { index in
      let block = blocks[index], target = sums.vector
      for (place, row) in zip(block.places, block.rows) {
        let row = block.matrix.row(row)
        target[place] = kernels.dot(row, row)
      }
    }
    return sums.values.reduce(0.0) { $0 + Double($1) }.squareRoot()
  }

  /// Rows that one thread processes, and the indices of their sums.
  private struct RowBlock {
    let matrix: MatrixView
    let rows: ArraySlice<Int>
    let places: Range<Int>
  }

  private func rowBlocks() -> [RowBlock] {
    var blocks: [RowBlock] = []
    for parameter in layout.list.parameters where wants(parameter) {
      let columns = parameter.shape.last ?? 1
      let matrix: MatrixView
      let rows: [Int]
      if let table = table(parameter) {
        matrix = table.values
        rows = table.rows.indices.sorted { table.rows[$0] < table.rows[$1] }
      } else {
        matrix = self[parameter].matrix(columns: columns)
        rows = Array(0..<matrix.rows)
      }
      let rowsPerBlock = max(1, AdamW.grain / max(columns, 1))
      for first in stride(from: 0, to: rows.count, by: rowsPerBlock) {
        let block = rows[first..<min(first + rowsPerBlock, rows.count)]
        let place = blocks.last?.places.upperBound ?? 0
        blocks.append(RowBlock(matrix: matrix, rows: block, places: place..<place + block.count))
      }
    }
    return blocks
  }
}
