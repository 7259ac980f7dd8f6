// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors
import Synchronization

/// The sum of the gradients of several blocks of texts: the same bits in any order of the blocks, see ``RoundedSums``.
///
/// So it does not matter which machine computes which block. The climate models E3SM and MOM6 sum over machines in the same
/// way, where bits must not depend on their number (Hallberg, Adcroft: An order-invariant real-to-integer conversion sum,
/// Parallel Computing 40, 2014).
package final class GradientSum {
  /// The texts of a block. Within it gradients add up token by token, in float32.
  package static let blockSize = 64

  /// Numbers that one thread processes.
  private static let grain = 1 << 15

  private let dense: RoundedSums
  /// Where the dense parameters that are trained lie, in parts for one thread.
  private let ranges: [Range<Int>]
  private var tables: [(gradients: RowGradients, sums: RowSums)] = []
  private let gradients: Gradients
  private var limit: Float = 0
  private var isClear = true
  /// How many numbers were too large to be added.
  private let lost = Atomic(0)

  /// The sums of an embedding table's rows.
  private struct RowSums {
    var places: RowPlaces
    var sums = RoundedSums(count: 0)

    /// The places of some rows' sums, which start at 0 if they have none.
    mutating func add(_ rows: [Int32], columns: Int) -> [Int32] {
      let found = places.places(for: rows)
      if places.rows.count * columns > sums.count {
        let grown = RoundedSums(count: max(places.rows.count * columns, 2 * sums.count))
        grown.copy(0..<sums.count, of: sums, to: 0)
        sums = grown
      }
      return found
    }
  }

  /// - Parameter gradients: where blocks' gradients come from, and where the sum goes to.
  package init(of gradients: Gradients) {
    self.gradients = gradients
    dense = RoundedSums(count: gradients.vector.count)
    var ranges: [Range<Int>] = []
    for parameter in gradients.layout.list.parameters where gradients.wants(parameter) {
      if let table = gradients.table(parameter) {
        tables.append((table, RowSums(places: RowPlaces(tableRows: parameter.shape[0]))))
      } else {
        let range = gradients.layout[parameter]
        ranges += stride(from: range.lowerBound, to: range.upperBound, by: GradientSum.grain).map {
          $0..<min($0 + GradientSum.grain, range.upperBound)
        }
      }
    }
    self.ranges = ranges
  }

  /// Begins a sum.
  ///
  /// - Parameter blockCount: how many blocks will be added at most.
  package func begin(blockCount: Int) {
    if !isClear {
      dense.clear()
      for index in tables.indices {
        tables[index].sums.sums.clear()
        tables[index].sums.places.clear()
      }
      isClear = true
    }
    let limit = RoundedSums.limit / Double(blockCount), nearest = Float(limit)
    self.limit = Double(nearest) < limit ? nearest.nextUp : nearest
    lost.store(0, ordering: .relaxed)
  }

  /// Adds the gradients, which become 0.
  package func move(kernels: Kernels, worker: Worker) {
    isClear = false
    var parts = ranges.map { (numbers: gradients.slice($0), sums: dense, start: $0.lowerBound) }
    for index in tables.indices {
      let table = tables[index].gradients, values = table.values
      let places = tables[index].sums.add(table.rows, columns: table.columns)
      parts += places.enumerated().map { place, sum in
        (values.row(place), tables[index].sums.sums, Int(sum) * table.columns)
      }
    }
    worker.forEach(parts.count) { [self] index in
      let part = parts[index]
      let count = kernels.move(part.numbers, to: part.sums, at: part.start, limit: limit)
      if count > 0 { lost.add(count, ordering: .relaxed) }
    }
    for (table, _) in tables { table.clear() }
  }

  /// Sets the gradients to the sums, and these to 0. False if a number was too large to be added, or NaN.
  package func take(kernels: Kernels, worker: Worker) -> Bool {
    var parts = ranges.map { (numbers: gradients.slice($0), sums: dense, start: $0.lowerBound) }
    for index in tables.indices {
      let table = tables[index].gradients, rows = tables[index].sums.places.rows.sorted()
      let sources = tables[index].sums.places.places(for: rows), targets = table.places(for: rows)
      let values = table.values
      parts += zip(sources, targets).map { source, target in
        (values.row(Int(target)), tables[index].sums.sums, Int(source) * table.columns)
      }
    }
    worker.forEach(parts.count) { index in
      let part = parts[index]
      kernels.take(part.sums, at: part.start, into: part.numbers)
    }
    for index in tables.indices { tables[index].sums.places.clear() }
    isClear = true
    return lost.load(ordering: .relaxed) == 0
  }
}

// MARK: Sums of several processes

extension GradientSum {
  /// The rows of each embedding table that have sums.
  package var rows: [[Int32]] { tables.map(\.sums.places.rows) }

  /// Puts the sums of rows in an order; those that have none yet are 0.
  ///
  /// - Parameter rows: for each table, all rows that have sums and maybe more.
  package func arrange(_ rows: [[Int32]]) {
    for (index, rows) in rows.enumerated() {
      let columns = tables[index].gradients.columns, old = tables[index].sums
      let sums = RoundedSums(count: rows.count * columns)
      var places = tables[index].sums.places
      places.clear()
      _ = places.places(for: rows)
      for (source, target) in places.places(for: old.places.rows).enumerated() {
        sums.copy(source * columns..<(source + 1) * columns, of: old.sums, to: Int(target) * columns)
      }
      tables[index].sums = RowSums(places: places, sums: sums)
    }
  }

  /// Lends all sums, part by part, and last the number of gradients that were too large: so that those of other processes
  /// are added.
  package func forEachPart(_ body: (inout MutableSpan<Int64>) throws -> Void) rethrows {
    try dense.withMutableSpan(body)
    for table in tables { try table.sums.sums.withMutableSpan(body) }
    let count = RoundedSums(count: 1)
    try count.withMutableSpan { count in
      count[0] = Int64(lost.load(ordering: .relaxed))
      try body(&count)
      lost.store(Int(count[0]), ordering: .relaxed)
    }
  }
}
