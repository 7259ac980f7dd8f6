// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// A trainable embedding table. A training step takes time only for the rows that it uses.
///
/// A row stays as the file holds it until a step that is applied trains it. Until then weight decay acts on it through
/// one factor, P, the product of the decay factors of all applied steps: the row reads as stored times P. Once touched
/// it lives in a slot of its own, beside its moments.
package final class EmbeddingTable: @unchecked Sendable {
  // SAFETY: a table that is trained belongs to one trainer, which writes between computations only; no other is
  // written.

  package let stored: StoredTable

  /// P, in double precision.
  package private(set) var decay: Double

  /// The touched rows, by slot.
  package private(set) var touchedRows: [Int32] = []

  /// A touched row's numbers, a row a slot: `[slots, columns]`.
  package var values: MatrixView { touched(valueBuffer) }
  package var firstMoments: MatrixView { touched(moments(0)) }
  package var secondMoments: MatrixView { touched(moments(1)) }

  /// The slot of each row, -1 for none; empty before the first row is touched.
  private var slots: [Int32] = []
  private var valueBuffer = TensorBuffer(count: 0)
  /// First and second moments; empty for a table that is only read.
  private var momentBuffers: [TensorBuffer]

  package var rows: Int { stored.rows }
  package var columns: Int { stored.columns }

  /// - Parameters:
  ///   - decay: P.
  ///   - hasMoments: false for a table that is only read.
  package init(_ stored: StoredTable, decay: Double = 1, hasMoments: Bool = true) {
    self.stored = stored
    self.decay = decay
    momentBuffers = hasMoments ? [TensorBuffer(count: 0), TensorBuffer(count: 0)] : []
  }

  /// A table with rows touched before.
  ///
  /// - Parameters:
  ///   - rows: the touched rows, by slot; no row twice.
  ///   - hasMoments: false for a table that is only read.
  ///   - fill: writes the table's ``values`` and, if it has them, its moments.
  package convenience init(
    _ stored: StoredTable, decay: Double, touched rows: [Int32], hasMoments: Bool = true,
    filledBy fill: (EmbeddingTable) throws -> Void
  ) rethrows {
    self.init(stored, decay: decay, hasMoments: hasMoments)
    if !rows.isEmpty { slots = Array(repeating: -1, count: self.rows) }
    for (slot, row) in rows.enumerated() { slots[Int(row)] = Int32(slot) }
    touchedRows = rows
    grow(from: 0)
    try fill(self)
  }

  private func touched(_ buffer: TensorBuffer) -> MatrixView {
    MatrixView(buffer, rows: touchedRows.count, columns: columns)
  }

  private func moments(_ order: Int) -> TensorBuffer {
    precondition(!momentBuffers.isEmpty, "this table has no moments")
    return momentBuffers[order]
  }

  /// The table as it reads now, without moments.
  package func copy() -> EmbeddingTable {
    EmbeddingTable(stored, decay: decay, touched: touchedRows, hasMoments: false) { $0.values.copy(from: values) }
  }

  /// Multiplies P by the decay factor of a step.
  package func decay(by factor: Double) { decay *= factor }

  /// The slot of a row; nil if it is untouched.
  package func slot(of row: Int32) -> Int? {
    guard !slots.isEmpty, slots[Int(row)] >= 0 else { return nil }
    return Int(slots[Int(row)])
  }

  /// Gives rows slots, with the numbers that they read as now and moments, if any, of 0. Rows that have one keep it.
  package func touch(_ rows: [Int32], kernels: Kernels) {
    if slots.isEmpty { slots = Array(repeating: -1, count: self.rows) }
    let known = touchedRows.count
    let new = rows.filter { row in
      guard slots[Int(row)] < 0 else { return false }
      slots[Int(row)] = Int32(touchedRows.count)
      touchedRows.append(row)
      return true
    }
    grow(from: known)
    new.withSpan {
      kernels.gather(stored, rows: $0, factor: decay, into: values.rows(known..<touchedRows.count))
    }
  }

  private func grow(from known: Int) {
    let needed = touchedRows.count * columns, used = known * columns
    if needed > valueBuffer.count {
      func grown(_ buffer: TensorBuffer) -> TensorBuffer {
        let grown = TensorBuffer(count: max(needed, 2 * used))
        VectorView(grown, 0..<used).copy(from: VectorView(buffer, 0..<used))
        return grown
      }
      valueBuffer = grown(valueBuffer)
      momentBuffers = momentBuffers.map(grown)
    }
    for moments in momentBuffers { VectorView(moments, used..<needed).fill(0) }
  }

  /// Writes, or adds, the rows of some indices to those of `output`.
  package func gather(_ indices: Span<Int32>, adding: Bool, into output: MatrixView, kernels: Kernels) {
    guard !touchedRows.isEmpty else {
      return kernels.gather(stored, rows: indices, factor: decay, adding: adding, into: output)
    }
    for place in indices.indices {
      let row = indices[place], target = output.rows(place..<place + 1)
      if let slot = slot(of: row) {
        [Int32(slot)].withSpan { kernels.gather(values, rows: $0, adding: adding, into: target) }
      } else {
        [row].withSpan { kernels.gather(stored, rows: $0, factor: decay, adding: adding, into: target) }
      }
    }
  }
}
