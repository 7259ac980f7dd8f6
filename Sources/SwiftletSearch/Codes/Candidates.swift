// SPDX-License-Identifier: Apache-2.0

/// The rows that may be among the best of a query, from bounds of their scores.
///
/// A row is out once its upper bound is below the lower bounds of `count` others. So the rows that are left hold the
/// `count` best, and all that tie with the last of these, whatever the order in which rows come.
struct Candidates {
  struct Candidate {
    let row: RowPlace
    let lower: Float
    let upper: Float
  }

  /// The number of best rows that are wanted.
  let count: Int

  /// The least upper bound that a row needs.
  private(set) var threshold: Float

  private(set) var all: [Candidate] = []

  /// How many candidates are collected before those are dropped that have fallen below the threshold.
  private var room: Int

  init(count: Int, threshold: Float = -.infinity) {
    self.count = count
    self.threshold = threshold
    room = 2 * count + 64
  }

  mutating func add(_ candidate: Candidate) {
    guard candidate.upper >= threshold else { return }
    all.append(candidate)
    if all.count >= room { prune() }
  }

  mutating func add(_ others: Candidates) {
    threshold = max(threshold, others.threshold)
    for candidate in others.all { add(candidate) }
  }

  /// Drops all rows, whose scores are known, and raises the threshold to that of the last of the best.
  mutating func clear(threshold: Float) {
    all = []
    self.threshold = max(self.threshold, threshold)
  }

  /// Raises the threshold to the lower bound of the last of the best, and drops the rows below it.
  mutating func prune() {
    if all.count >= count, count > 0 {
      let lowest = all.map(\.lower).sorted(by: >)[count - 1]
      threshold = max(threshold, lowest)
    }
    all.removeAll { $0.upper < threshold }
    room = max(2 * all.count, 2 * count + 64)
  }
}
