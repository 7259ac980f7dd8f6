// SPDX-License-Identifier: Apache-2.0

/// The indices of the vectors of a batch that form triplets: a positive and some negatives for each anchor.
package struct TripletIndices: Equatable {
  package private(set) var anchors: [Int] = []
  package private(set) var positives: [Int] = []
  /// The negatives of all anchors, in the order of the anchors.
  package private(set) var negatives: [Int] = []
  /// The number of negatives of each anchor.
  package private(set) var negativeCounts: [Int] = []

  /// Creates an empty list.
  package init() {}

  /// The triplets of vectors in the order: all anchors, all positives, then the negatives of each anchor.
  init(negativeCounts counts: [Int]) {
    anchors = Array(counts.indices)
    positives = Array(counts.count..<2 * counts.count)
    negatives = Array(2 * counts.count..<2 * counts.count + counts.reduce(0, +))
    negativeCounts = counts
  }

  mutating func append(anchor: Int, positive: Int, negatives: some Collection<Int>) {
    anchors.append(anchor)
    positives.append(positive)
    self.negatives += negatives
    negativeCounts.append(negatives.count)
  }

  /// The negatives with the same number for each anchor: that of the anchor with the most. Anchors with fewer repeat
  /// theirs in turn.
  var evenNegatives: [Int] {
    let most = negativeCounts.max() ?? 0
    guard negativeCounts.contains(where: { $0 != most }) else { return negatives }
    var even: [Int] = [], start = 0
    for count in negativeCounts {
      even += (0..<most).map { negatives[start + $0 % count] }
      start += count
    }
    return even
  }
}
