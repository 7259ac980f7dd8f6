// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletTensors

extension Gradients {
  /// The length of all gradients taken as one vector: the root of the sum of their squares.
  ///
  /// A row's squares are added in float32 in the kernels' order for rows, the rows' sums in double, parameter by
  /// parameter in the order of the list, row by row. A vector is one row. Frozen parameters add nothing, nor do a
  /// table's rows without a gradient.
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

  /// Rows whose sums one thread takes, and the places of these among all sums.
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
