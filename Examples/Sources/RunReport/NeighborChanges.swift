// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// The nearest neighbor of each text before and after: which came to be, or no longer are, of the text's label.
struct NeighborChanges {
  /// A text and its neighbors.
  struct Change: Equatable {
    let text: Int
    let before: NearestNeighbor
    let after: NearestNeighbor
  }

  /// Texts whose nearest neighbor had another label before and has theirs after, sorted by the cosine of the wrong neighbor,
  /// nearest first.
  let better: [Change]
  /// Texts whose nearest neighbor had their label before and has another after, sorted in the same way.
  let worse: [Change]
  /// The number of texts whose neighbor has their label before and after.
  let stillRight: Int
  /// The number of texts whose neighbor has another label before and after.
  let stillWrong: Int

  var count: Int { better.count + worse.count + stillRight + stillWrong }

  init(_ comparison: EncoderComparison) {
    let labels = comparison.texts.labels
    let before = comparison.before.nearestNeighbors(onThreadsOf: comparison.encoder)
    let after = comparison.after.nearestNeighbors(onThreadsOf: comparison.encoder)
    let changes = labels.indices.map { Change(text: $0, before: before[$0], after: after[$0]) }
    func select(_ wasRight: Bool, _ isRight: Bool) -> [Change] {
      changes.filter {
        (labels[$0.before.index] == labels[$0.text]) == wasRight
          && (labels[$0.after.index] == labels[$0.text]) == isRight
      }
    }
    // A sort that leaves equals in their order.
    func surestFirst(_ changes: [Change], _ cosine: (Change) -> Float) -> [Change] {
      changes.sorted { (cosine($1), $0.text) < (cosine($0), $1.text) }
    }
    better = surestFirst(select(false, true)) { $0.before.cosine }
    worse = surestFirst(select(true, false)) { $0.after.cosine }
    stillRight = select(true, true).count
    stillWrong = select(false, false).count
  }
}
