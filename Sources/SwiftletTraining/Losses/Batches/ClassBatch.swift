// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// What a classifier makes of vectors, a number for each class, and the class that each shall have.
///
/// A trainer makes the logits by a linear layer of its own: parameters `classifier.weight` `[C, D]` and `classifier.bias`
/// `[C]`, which patterns of parameter groups may name. It knows the classes of its data alone, and is not saved.
public struct ClassBatch: AnchoredBatch {
  /// `[B, C]`
  public let logits: Variable

  /// One a row, from 0 to C - 1.
  public let labels: [Int]

  /// Logits `[B, C]` with a label each.
  public init(logits: Variable, labels: [Int]) {
    let rows = logits.shape[0], classes = logits.shape[1]
    precondition(rows == labels.count, "\(labels.count) labels for \(rows) rows of logits")
    precondition(labels.allSatisfy((0..<classes).contains), "a label outside 0..<\(classes)")
    self.logits = logits
    self.labels = labels
  }

  /// Each row counts as an anchor.
  public var anchorCount: Int { labels.count }
}
