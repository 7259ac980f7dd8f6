// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import TestSupport
import Testing

/// A table's rows read as the stored numbers times a decay P until they are touched, then as numbers of their own.
@Suite struct EmbeddingTableTests {
  private let rows = 12, columns = 19
  private let factors = [1 - 1e-6, 0.9, 1 - 3e-9]

  /// A table of numbers that every storage holds exactly, and these numbers.
  private func table(_ format: NumberFormat) -> (EmbeddingTable, [Float]) {
    let values = randomNumbers(rows * columns, 1).map { ($0 * 128).rounded() / 128 + 0 }
    let stored = StoredTable(rows: rows, columns: columns, format: format) { bytes in
      for (index, value) in values.enumerated() {
        switch format {
        case .bfloat16: bytes.storeBytes(of: UInt16(value.bitPattern >> 16), toByteOffset: 2 * index, as: UInt16.self)
        case .float16: bytes.storeBytes(of: halfBits(value), toByteOffset: 2 * index, as: UInt16.self)
        default: bytes.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
        }
      }
    }
    return (EmbeddingTable(stored), values)
  }

  /// The bits of the half that equals a float; its exponent and fraction must fit.
  private func halfBits(_ value: Float) -> UInt16 {
    guard value != 0 else { return 0 }
    let bits = value.bitPattern
    let sign = bits >> 31, exponent = (bits >> 23 & 255) - 112, fraction = (bits >> 13) & 1023
    return UInt16((sign << 15) | (exponent << 10) | fraction)
  }

  private func read(_ table: EmbeddingTable, _ indices: [Int32], _ kernels: Kernels) -> [Float] {
    let rows = Tensor(uninitialized: [indices.count, columns])
    indices.withSpan { table.gather($0, adding: false, into: rows.matrix, kernels: kernels) }
    return rows.values
  }

  /// The numbers of a row times the decay, rounded once.
  private func expected(_ values: [Float], _ row: Int32, _ decay: Double) -> [Float] {
    values[Int(row) * columns..<(Int(row) + 1) * columns].map { Float(Double($0) * decay) }
  }

  @Test(arguments: [NumberFormat.float32, .float16, .bfloat16]) func readsStoredTimesDecay(format: NumberFormat) {
    for kernels in Kernels.available {
      let (table, values) = table(format)
      let all = (0..<Int32(rows)).map { $0 }
      #expect(bits(read(table, all, kernels)) == bits(values))
      var decay = 1.0
      for factor in factors {
        table.decay(by: factor)
        decay *= factor
        #expect(table.decay == decay)
        #expect(bits(read(table, all, kernels)) == bits(all.flatMap { expected(values, $0, decay) }))
      }
      #expect(table.touchedRows.isEmpty)
    }
  }

  @Test(arguments: [NumberFormat.float32, .float16, .bfloat16]) func touchedRowsAreTheirOwn(format: NumberFormat) {
    for kernels in Kernels.available {
      let (table, values) = table(format)
      table.decay(by: 0.9)
      table.touch([7, 2, 7], kernels: kernels)
      #expect(table.touchedRows == [7, 2] && table.slot(of: 7) == 0 && table.slot(of: 2) == 1)
      #expect(table.slot(of: 0) == nil)
      for (slot, row) in table.touchedRows.enumerated() {
        #expect(slotValues(table, slot).map(bits) == [bits(expected(values, row, 0.9)), zeros, zeros])
      }
      // The touched rows change; the rest decays.
      table.values[1, 0] = 42
      table.firstMoments[1, 0] = 43
      table.secondMoments[1, 0] = 44
      table.decay(by: 0.5)
      // Rows keep their slots when the table grows.
      table.touch([2, 0, 7] + (3..<7).map { $0 }, kernels: kernels)
      #expect(table.touchedRows == [7, 2, 0, 3, 4, 5, 6])
      #expect(table.firstMoments[1, 0] == 43 && table.secondMoments[1, 0] == 44)
      for slot in 2..<7 {
        let now = expected(values, table.touchedRows[slot], 0.9 * 0.5)
        #expect(slotValues(table, slot).map(bits) == [bits(now), zeros, zeros])
      }
      let row2 = [42] + expected(values, 2, 0.9).dropFirst()
      // Touched rows and others, mixed and repeated.
      let mixed = read(table, [2, 11, 7, 2, 1], kernels)
      let others = [11, 1].map { expected(values, $0, 0.9 * 0.5) }
      #expect(bits(mixed) == bits(row2 + others[0] + expected(values, 7, 0.9) + row2 + others[1]))
    }
  }

  @Test func addsToWhatIsThere() {
    for kernels in Kernels.available {
      let (table, values) = table(.float32)
      table.decay(by: 0.9)
      table.touch([3], kernels: kernels)
      table.decay(by: 0.5)
      let sums = Tensor([Float](repeating: 0.25, count: 2 * columns), shape: [2, columns])
      ([3, 4] as [Int32]).withSpan { table.gather($0, adding: true, into: sums.matrix, kernels: kernels) }
      let added = expected(values, 3, 0.9) + expected(values, 4, 0.9 * 0.5)
      #expect(bits(sums.values) == bits(added.map { 0.25 + $0 }))
    }
  }

  /// Touching rows one by one, or none, is the same as touching them at once.
  @Test func growsRowByRow() {
    let (table, values) = table(.float32)
    table.touch([], kernels: .best)
    for row in (0..<Int32(rows)).reversed() {
      table.touch([row], kernels: .best)
      let last = table.touchedRows.count - 1
      table.values[last, columns - 1] += Float(row)
      table.firstMoments[last, columns - 1] = Float(row)
    }
    let all = (0..<Int32(rows)).map { $0 }
    let expected = values.enumerated().map { index, value in
      index % columns == columns - 1 ? value + Float(index / columns) : value
    }
    #expect(bits(read(table, all, .best)) == bits(expected))
    for row in all { #expect(table.firstMoments[table.slot(of: row)!, columns - 1] == Float(row)) }
  }

  /// A copy reads as the table does, and takes memory for its values only.
  @Test func copiesHaveNoMoments() async {
    let (table, _) = table(.float32)
    table.touch([7, 2], kernels: .best)
    table.values[1, 0] = 42
    table.decay(by: 0.5)
    let copy = table.copy(), all = (0..<Int32(rows)).map { $0 }
    #expect(bits(read(copy, all, .best)) == bits(read(table, all, .best)) && copy.touchedRows == [7, 2])
    copy.touch([3], kernels: .best)
    #expect(bits(read(copy, all, .best)) == bits(read(table, all, .best)))
    await #expect(processExitsWith: .failure) {
      let table = EmbeddingTable(StoredTable(float32: Tensor(zeros: [3, 2]).matrix))
      table.touch([1], kernels: .best)
      _ = table.copy().firstMoments
    }
  }

  private var zeros: [UInt32] { Array(repeating: 0, count: columns) }

  /// Values and moments of a slot.
  private func slotValues(_ table: EmbeddingTable, _ slot: Int) -> [[Float]] {
    [table.values, table.firstMoments, table.secondMoments].map { $0.row(slot).values }
  }
}
