// SPDX-License-Identifier: Apache-2.0

/// An endless sequence of batches, each the indices of its rows, that the data and the seed determine: to save how many
/// batches were drawn is to save the state.
package protocol BatchSampler: Sendable {
  /// How many batches were drawn.
  var position: Int { get }

  /// How many batches are one epoch.
  var batchesPerEpoch: Int { get }

  /// The rows of the next batch.
  mutating func next() -> [Int]
}

extension BatchSampler {
  /// Draws batches until `position` of them were drawn since the start: a resumed run goes on where it was.
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
