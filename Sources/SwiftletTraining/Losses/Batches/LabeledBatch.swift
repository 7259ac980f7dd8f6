// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A batch of vectors with a label each. Losses form pairs and triplets of them.
public struct LabeledBatch: AnchoredBatch, VectorBatch {
  /// `[B, D]`
  public let vectors: Variable

  /// The label of each row. Rows with equal labels are in the same class.
  public let labels: [Int]

  /// How the anchors of a large batch are shared.
  var blocks = AnchorBlocks()

  /// Creates a batch of vectors `[B, D]` with a label each.
  public init(vectors: Variable, labels: [Int]) {
    precondition(vectors.shape.first == labels.count, "\(labels.count) labels for \(vectors.shape) vectors")
    self.vectors = vectors
    self.labels = labels
  }

  /// Each row is an anchor.
  public var anchorCount: Int { labels.count }

  /// Returns the batch with transformed vectors.
  public func mapVectors(_ transform: (Variable) -> Variable) -> LabeledBatch {
    var batch = LabeledBatch(vectors: transform(vectors), labels: labels)
    batch.blocks = blocks
    return batch
  }
}
