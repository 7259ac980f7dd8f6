// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// The ranks of the references with a vector's label among its neighbors.
struct NeighborRanks {
  /// R: the number of references with the label.
  var relevant = 0
  /// Whether the nearest neighbor has the label.
  var isNearest = false
  /// The number of the R nearest that have the label.
  var hits = 0
  /// The sum over these hits of the precision at the hit's rank.
  var precisionSum = 0.0

  /// - Parameters:
  ///   - cosines: the cosines with all references.
  ///   - relevant: the references with the vector's label, without the vector itself.
  ///   - excluded: the vector's own index among the references, if any.
  ///   - isRelevant: whether a reference has the vector's label.
  fileprivate init(
    _ cosines: Span<Float>, relevant: [Int], excluding excluded: Int?, isRelevant: (Int) -> Bool
  ) {
    guard !relevant.isEmpty else { return }
    self.relevant = relevant.count
    let relevant = relevant.sorted { cosines.isNearer($0, $1) }, farthest = relevant[relevant.count - 1]
    // The number of other references directly before each relevant one. Counting avoids sorting.
    var others = [Int](repeating: 0, count: relevant.count)
    for index in cosines.indices where cosines[index] >= cosines[farthest] {
      guard index != excluded, cosines.isNearer(index, farthest), !isRelevant(index) else { continue }
      var low = 0, high = relevant.count - 1
      while low < high {
        let middle = (low + high) / 2
        if cosines.isNearer(index, relevant[middle]) { high = middle } else { low = middle + 1 }
      }
      others[low] += 1
    }
    isNearest = others[0] == 0
    var rank = 0
    for (index, count) in others.enumerated() {
      rank += count + 1
      guard rank <= relevant.count else { break }
      hits += 1
      precisionSum += Double(index + 1) / Double(rank)
    }
  }
}

extension Span<Float> {
  /// Whether the number at index i ranks before the one at j: it is larger, or equal with a lower index.
  func isNearer(_ i: Int, _ j: Int) -> Bool { self[i] > self[j] || self[i] == self[j] && i < j }
}

/// Computes the ranks for each vector among the references, or without references among all other vectors.
func neighborRanks(
  of queries: LabeledVectors, among references: LabeledVectors?, on pool: ThreadPool
) -> [NeighborRanks] {
  let targets = references ?? queries, leavesOneOut = references == nil
  let labels = queries.labels, targetLabels = targets.labels
  let relevant = targets.indicesByLabel(count: (labels.max() ?? -1) + 1)
  return queries.vectors.mapSimilarities(with: targets.vectors, on: pool) { query, cosines in
    let label = labels[query]
    return NeighborRanks(
      cosines, relevant: leavesOneOut ? relevant[label].filter { $0 != query } : relevant[label],
      excluding: leavesOneOut ? query : nil, isRelevant: { targetLabels[$0] == label })
  }
}
