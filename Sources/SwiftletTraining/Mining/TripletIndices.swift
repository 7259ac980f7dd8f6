// SPDX-License-Identifier: Apache-2.0

/// Which vectors of a batch form triplets: for each anchor a positive and K negatives.
package struct TripletIndices: Equatable {
  package private(set) var anchors: [Int] = []
  package private(set) var positives: [Int] = []
  /// K to an anchor.
  package private(set) var negatives: [Int] = []

  /// No triplets.
  package init() {}

  /// Triplets of a table: all anchors, then all positives, then the negatives of each anchor.
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
