// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// The gradient of an embedding table. Only rows that a batch reads have a gradient.
package final class RowGradients: @unchecked Sendable {
  // SAFETY: belongs to one trainer; threads of its team write different columns.

  package let columns: Int

  /// The rows that have a gradient, in the order in which the batch read them first.
  package private(set) var rows: [Int32] = []

  /// The gradients of `rows`, `[rows, columns]`.
  package var values: MatrixView { MatrixView(buffer, rows: rows.count, columns: columns) }

  /// The place of each of the table's rows among `rows`; -1 for none.
  private var places: [Int32]
  private var buffer: TensorBuffer

  package init(rows: Int, columns: Int) {
    self.columns = columns
    places = Array(repeating: -1, count: rows)
    buffer = TensorBuffer(count: 0)
  }

  /// Forgets all gradients.
  package func clear() {
    for row in rows { places[Int(row)] = -1 }
    rows.removeAll(keepingCapacity: true)
  }

  /// The places of some of the table's rows, whose gradients start at 0 if they have none.
  func places(for indices: [Int32]) -> [Int32] {
    let known = rows.count
    let found = indices.map { row in
      if places[Int(row)] < 0 {
        places[Int(row)] = Int32(rows.count)
        rows.append(row)
      }
      return places[Int(row)]
    }
    reserve(rows.count)
    VectorView(buffer, known * columns..<rows.count * columns).fill(0)
    return found

    func reserve(_ count: Int) {
      guard count * columns > buffer.count else { return }
      let grown = TensorBuffer(count: max(count, 2 * known) * columns), used = 0..<known * columns
      VectorView(grown, used).copy(from: VectorView(buffer, used))
      buffer = grown
    }
  }
}
