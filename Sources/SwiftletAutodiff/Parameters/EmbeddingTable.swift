// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
package import SwiftletTensors

/// An embedding table, of which training costs the rows that it touches.
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

  /// A touched row's numbers: `columns` a slot.
  package var values: UnsafeMutablePointer<Float> { valueBuffer.base }
  package var firstMoments: UnsafeMutablePointer<Float> { firstMomentBuffer.base }
  package var secondMoments: UnsafeMutablePointer<Float> { secondMomentBuffer.base }

  /// The slot of each row, -1 for none; empty before the first row is touched.
  private var slots: [Int32] = []
  private var valueBuffer = TensorBuffer(count: 0)
  private var firstMomentBuffer = TensorBuffer(count: 0)
  private var secondMomentBuffer = TensorBuffer(count: 0)

  package var rows: Int { stored.rows }
  package var columns: Int { stored.columns }

  /// - Parameter decay: P.
  package init(_ stored: StoredTable, decay: Double = 1) {
    self.stored = stored
    self.decay = decay
  }

  /// A table with rows touched before.
  ///
  /// - Parameters:
  ///   - rows: the touched rows, by slot; no row twice.
  ///   - fill: writes values, first and second moments of all slots into the memory it is given.
  package convenience init(
    _ stored: StoredTable, decay: Double, touched rows: [Int32],
    filledBy fill: (
      _ values: UnsafeMutablePointer<Float>, _ first: UnsafeMutablePointer<Float>,
      _ second: UnsafeMutablePointer<Float>
    ) throws -> Void
  ) rethrows {
    self.init(stored, decay: decay)
    if !rows.isEmpty { slots = Array(repeating: -1, count: self.rows) }
    for (slot, row) in rows.enumerated() { slots[Int(row)] = Int32(slot) }
    touchedRows = rows
    grow(from: 0)
    try fill(values, firstMoments, secondMoments)
  }

  /// The table as it reads now, without moments.
  package func copy() -> EmbeddingTable {
    EmbeddingTable(stored, decay: decay, touched: touchedRows) { values, _, _ in
      values.update(from: self.values, count: touchedRows.count * columns)
    }
  }

  /// Multiplies P by the decay factor of a step.
  package func decay(by factor: Double) { decay *= factor }

  /// The slot of a row; nil if it is untouched.
  package func slot(of row: Int32) -> Int? {
    guard !slots.isEmpty, slots[Int(row)] >= 0 else { return nil }
    return Int(slots[Int(row)])
  }

  /// Gives rows slots, with the numbers that they read as now and moments of 0. Rows that have one keep it.
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
    kernels.table.pointee.gather(
      new.count, columns, stored.base, stored.storage, new, decay, 0, values + known * columns)
  }

  private func grow(from known: Int) {
    let needed = touchedRows.count * columns, used = known * columns
    if needed > valueBuffer.count {
      for buffer in [\EmbeddingTable.valueBuffer, \.firstMomentBuffer, \.secondMomentBuffer] {
        let grown = TensorBuffer(count: max(needed, 2 * used))
        grown.base.update(from: self[keyPath: buffer].base, count: used)
        self[keyPath: buffer] = grown
      }
    }
    for moments in [firstMoments, secondMoments] { (moments + used).update(repeating: 0, count: needed - used) }
  }

  /// Writes, or adds, the rows of some indices to `output`, one after the other.
  package func gather(
    _ indices: ArraySlice<Int32>, adding: Bool, into output: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    func gather(_ indices: UnsafePointer<Int32>, _ count: Int, _ output: UnsafeMutablePointer<Float>) {
      kernels.table.pointee.gather(
        count, columns, stored.base, stored.storage, indices, decay, adding ? 1 : 0, output)
    }
    indices.withUnsafeBufferPointer { indices in
      guard let base = indices.baseAddress else { return }
      guard !touchedRows.isEmpty else { return gather(base, indices.count, output) }
      for (place, row) in indices.enumerated() {
        let output = output + place * columns
        if let slot = slot(of: row) {
          withUnsafePointer(to: Int32(slot)) {
            kernels.table.pointee.gather(1, columns, values, SWLT_F32, $0, 1, adding ? 1 : 0, output)
          }
        } else {
          gather(base + place, 1, output)
        }
      }
    }
  }
}
