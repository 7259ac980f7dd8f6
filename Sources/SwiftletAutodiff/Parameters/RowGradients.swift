// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// The gradient of an embedding table. Only rows that a batch reads have a gradient.
package final class RowGradients: @unchecked Sendable {
  // SAFETY: belongs to one trainer; threads of its team write different columns.

  package let columns: Int

  /// The rows that have a gradient, in the order in which they came first.
  package var rows: [Int32] { places.rows }

  /// The gradients of `rows`, `[rows, columns]`.
  package var values: MatrixView { MatrixView(buffer, rows: rows.count, columns: columns) }

  private var places: RowPlaces
  private var buffer: TensorBuffer

  package init(rows: Int, columns: Int) {
    self.columns = columns
    places = RowPlaces(tableRows: rows)
    buffer = TensorBuffer(count: 0)
  }

  /// Forgets all gradients.
  package func clear() { places.clear() }

  /// The places of some of the table's rows, whose gradients start at 0 if they have none.
  func places(for indices: [Int32]) -> [Int32] {
    let known = rows.count, found = places.places(for: indices)
    if rows.count * columns > buffer.count {
      let grown = TensorBuffer(count: max(rows.count, 2 * known) * columns), used = 0..<known * columns
      VectorView(grown, used).copy(from: VectorView(buffer, used))
      buffer = grown
    }
    VectorView(buffer, known * columns..<rows.count * columns).fill(0)
    return found
  }
}
