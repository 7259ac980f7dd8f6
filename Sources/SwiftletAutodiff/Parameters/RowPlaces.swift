// SPDX-License-Identifier: Apache-2.0

/// A list of some rows of an embedding table, and the place of each in it.
struct RowPlaces {
  /// The rows, in the order in which they came first.
  private(set) var rows: [Int32] = []

  /// The place of each of the table's rows; -1 for none.
  private var places: [Int32]

  init(tableRows: Int) { places = Array(repeating: -1, count: tableRows) }

  mutating func clear() {
    for row in rows { places[Int(row)] = -1 }
    rows.removeAll(keepingCapacity: true)
  }

  /// The places of some rows. Those that have none get the next.
  mutating func places(for indices: [Int32]) -> [Int32] {
    indices.map { row in
      if places[Int(row)] < 0 {
        places[Int(row)] = Int32(rows.count)
        rows.append(row)
      }
      return places[Int(row)]
    }
  }
}
