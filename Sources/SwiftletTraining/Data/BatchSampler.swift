// SPDX-License-Identifier: Apache-2.0

/// An endless sequence of batches, each a list of row indices. Data and seed determine the sequence, so the number of
/// batches drawn is the whole state.
package protocol BatchSampler: Sendable {
  /// The number of batches drawn so far.
  var position: Int { get }

  /// The number of batches of an epoch.
  var batchesPerEpoch: Int { get }

  /// Draws the next batch.
  mutating func next() -> [Int]
}

extension BatchSampler {
  /// Draws batches until `position` of them were drawn since the start, to resume a run.
  package mutating func advance(to position: Int) {
    precondition(position >= self.position, "batch \(position) lies behind batch \(self.position)")
    while self.position < position { _ = next() }
  }
}

/// `count` divided by `divisor`, rounded up.
func dividedRoundingUp(_ count: Int, by divisor: Int) -> Int {
  let (quotient, remainder) = count.quotientAndRemainder(dividingBy: divisor)
  return quotient + (remainder > 0 ? 1 : 0)
}
