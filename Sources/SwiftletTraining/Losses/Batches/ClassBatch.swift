// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A batch of logits, one for each class, with the correct class of each row.
///
/// The trainer computes the logits with a linear layer that it adds to the encoder. Its parameters are
/// `classifier.weight` `[C, D]` and `classifier.bias` `[C]`; parameter groups can match them. The layer is specific to
/// the classes of the data and is not part of the saved model.
public struct ClassBatch: AnchoredBatch {
  /// `[B, C]`
  public let logits: Variable

  /// The class of each row, from 0 to C - 1.
  public let labels: [Int]

  /// Creates a batch of logits `[B, C]` with a label each.
  public init(logits: Variable, labels: [Int]) {
    let rows = logits.shape[0], classes = logits.shape[1]
    precondition(rows == labels.count, "\(labels.count) labels for \(rows) rows of logits")
    precondition(labels.allSatisfy((0..<classes).contains), "a label outside 0..<\(classes)")
    self.logits = logits
    self.labels = labels
  }

  /// Each row is an anchor.
  public var anchorCount: Int { labels.count }
}
