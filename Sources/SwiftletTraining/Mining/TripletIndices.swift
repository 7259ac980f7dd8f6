// SPDX-License-Identifier: Apache-2.0

/// The indices of the vectors of a batch that form triplets: a positive and K negatives for each anchor.
package struct TripletIndices: Equatable {
  package private(set) var anchors: [Int] = []
  package private(set) var positives: [Int] = []
  /// K for each anchor.
  package private(set) var negatives: [Int] = []

  /// Creates an empty list.
  package init() {}

  /// The triplets of vectors in the order: all anchors, all positives, then the negatives of each anchor.
  init(count: Int, negatives: Int) {
    anchors = Array(0..<count)
    positives = Array(count..<2 * count)
    self.negatives = Array(2 * count..<(2 + negatives) * count)
  }

  mutating func append(anchor: Int, positive: Int, negatives: some Sequence<Int>) {
    anchors.append(anchor)
    positives.append(positive)
    self.negatives += negatives
  }
}
