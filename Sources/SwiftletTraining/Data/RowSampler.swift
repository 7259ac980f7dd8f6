// SPDX-License-Identifier: Apache-2.0

/// Draws batches of rows in a random order that changes with each epoch. The last batch of an epoch has the remaining
/// rows.
package struct RowSampler: BatchSampler {
  package private(set) var position = 0
  package let batchesPerEpoch: Int

  private let batchSize: Int
  private var rows: [Int]
  private var random: RandomStream

  /// - Parameter count: the number of rows.
  package init(count: Int, batchSize: Int, seed: UInt64) {
    precondition(count > 0 && batchSize > 0, "no batch of \(batchSize) of \(count) rows")
    self.batchSize = batchSize
    batchesPerEpoch = dividedRoundingUp(count, by: batchSize)
    rows = Array(0..<count)
    random = RandomStream(seed: seed, purpose: .sampling)
  }

  package mutating func next() -> [Int] {
    let batch = position % batchesPerEpoch
    if batch == 0 { random.shuffle(&rows) }
    position += 1
    return Array(rows[batch * batchSize..<min((batch + 1) * batchSize, rows.count)])
  }
}
