// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Anchors with a positive each, a text of the same meaning: questions with answers, queries with documents.
///
/// There are no negatives: ranking losses take the positives of the other rows of a batch.
public struct PositivePairs: Sendable {
  /// The anchors: texts that others are compared with.
  public let anchors: [String]
  /// A text with the meaning of the anchor, for each anchor.
  public let positives: [String]

  /// The number of pairs.
  public var count: Int { anchors.count }

  /// Creates pairs row by row.
  public init(anchors: [String], positives: [String]) {
    precondition(anchors.count == positives.count, "\(anchors.count) anchors, \(positives.count) positives")
    self.anchors = anchors
    self.positives = positives
  }
}

extension PositivePairs {
  /// A text that all rows have, so that no row is a negative of another; nil if there is none.
  var textOfAllRows: String? {
    [anchors[0], positives[0]].first { text in
      zip(anchors, positives).allSatisfy { sameBytes($0, text) || sameBytes($1, text) }
    }
  }

  /// The classes of some rows: rows that share a text, or that a chain of such rows connects, have the same class. nil if
  /// no two rows share a text.
  ///
  /// The positive of one row is a negative of another only if their classes differ: the two anchors of an answer are not
  /// taught to be far from it.
  package func classes(of rows: some Collection<Int>) -> [Int]? {
    // A forest in which the rows of a tree have a class; its root is the row with the lowest index.
    var parents = Array(0..<rows.count)
    func root(of row: Int) -> Int {
      var row = row
      while parents[row] != row {
        parents[row] = parents[parents[row]]
        row = parents[row]
      }
      return row
    }
    var firstRows: [UTF8Key: Int] = [:], isShared = false
    for (index, row) in rows.enumerated() {
      for text in [anchors[row], positives[row]] {
        guard let first = firstRows[UTF8Key(text)] else {
          firstRows[UTF8Key(text)] = index
          continue
        }
        let roots = (root(of: first), root(of: index))
        parents[max(roots.0, roots.1)] = min(roots.0, roots.1)
        isShared = isShared || first != index
      }
    }
    return isShared ? parents.indices.map(root) : nil
  }
}
