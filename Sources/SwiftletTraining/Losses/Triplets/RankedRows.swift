// SPDX-License-Identifier: Apache-2.0

/// Rows of a batch sorted by their distance from an anchor, nearest first. Equally near rows are in the order of the
/// batch.
struct RankedRows {
  /// The bits of the distance, then the row. Bits of non-negative numbers sort as the numbers do, with NaN last.
  private let keys: [UInt64]

  init(_ rows: some Sequence<(distance: Float, row: Int)>) {
    keys = rows.map { UInt64($0.distance.bitPattern) << 32 | UInt64($0.row) }.sorted()
  }

  var count: Int { keys.count }

  func row(_ rank: Int) -> Int { Int(keys[rank] & 0xFFFF_FFFF) }

  func distance(_ rank: Int) -> Float { Float(bitPattern: UInt32(keys[rank] >> 32)) }

  /// The number of rows whose distance satisfies a condition that holds up to some distance.
  func count(while holds: (_ distance: Float) -> Bool) -> Int {
    var low = 0, high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if holds(distance(middle)) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
