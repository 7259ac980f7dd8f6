// SPDX-License-Identifier: Apache-2.0

/// Rows of a batch by their distance from an anchor, nearest first; equally near ones in the order of the batch.
struct RankedRows {
  /// The bits of the distance, which rank as the numbers do since none is negative, and NaN last; then the row.
  private let keys: [UInt64]

  init(_ rows: some Sequence<(distance: Float, row: Int)>) {
    keys = rows.map { UInt64($0.distance.bitPattern) << 32 | UInt64($0.row) }.sorted()
  }

  var count: Int { keys.count }

  func row(_ rank: Int) -> Int { Int(keys[rank] & 0xFFFF_FFFF) }

  func distance(_ rank: Int) -> Float { Float(bitPattern: UInt32(keys[rank] >> 32)) }

  /// How many of the nearest rows have a distance for which a condition holds: one that holds up to some distance.
  func count(while holds: (_ distance: Float) -> Bool) -> Int {
    var low = 0, high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if holds(distance(middle)) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
