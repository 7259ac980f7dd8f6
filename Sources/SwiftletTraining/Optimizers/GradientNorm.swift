// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
package import SwiftletAutodiff
package import SwiftletTensors

extension Gradients {
  /// The length of all gradients taken as one vector: the root of the sum of their squares.
  ///
  /// A row's squares are added in float32 in the kernels' order for rows, the rows' sums in double, parameter by
  /// parameter in the order of the list, row by row. A vector is one row. Frozen parameters add nothing, nor do a
  /// table's rows without a gradient.
  package func norm(kernels: Kernels, worker: Worker) -> Double {
    let blocks = rowBlocks()
    var sums = [Float](repeating: 0, count: blocks.last?.places.upperBound ?? 0)
    sums.withUnsafeMutableBufferPointer { sums in
      worker.forEach(blocks.count) { [sums] index in
        let block = blocks[index]
        for (row, place) in zip(block.rows, block.places) {
          sums[place] = kernels.table.pointee.dot(block.columns, row, row)
        }
      }
    }
    return sums.reduce(0.0) { $0 + Double($1) }.squareRoot()
  }

  /// Rows whose sums one thread takes, and the places of these among all sums.
  private struct RowBlock {
    let rows: [UnsafeMutablePointer<Float>]
    let columns: Int
    let places: Range<Int>
  }

  private func rowBlocks() -> [RowBlock] {
    var blocks: [RowBlock] = []
    for parameter in layout.list.parameters where wants(parameter) {
      let columns = parameter.shape.last ?? 1
      let rows: [UnsafeMutablePointer<Float>]
      if let table = table(parameter) {
        rows = table.rows.indices.sorted { table.rows[$0] < table.rows[$1] }.map { table.base + $0 * columns }
      } else {
        let start = self[parameter].baseAddress!
        rows = (0..<parameter.count / max(columns, 1)).map { start + $0 * columns }
      }
      let rowsPerBlock = max(1, AdamW.grain / max(columns, 1))
      for first in stride(from: 0, to: rows.count, by: rowsPerBlock) {
        let block = rows[first..<min(first + rowsPerBlock, rows.count)]
        let place = blocks.last?.places.upperBound ?? 0
        blocks.append(RowBlock(rows: Array(block), columns: columns, places: place..<place + block.count))
      }
    }
    return blocks
  }
}
