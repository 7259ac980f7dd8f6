// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Vectors of which each has a label: a loss finds its pairs and triplets among them.
public struct LabeledBatch: AnchoredBatch, VectorBatch {
  /// `[B, D]`
  public let vectors: Variable

  /// One a row: rows are of one class if their labels are equal.
  public let labels: [Int]

  /// Vectors `[B, D]` with a label each.
  public init(vectors: Variable, labels: [Int]) {
    precondition(vectors.shape.first == labels.count, "\(labels.count) labels for \(vectors.shape) vectors")
    self.vectors = vectors
    self.labels = labels
  }

  /// Each row is an anchor.
  public var anchorCount: Int { labels.count }

  /// The batch with other vectors.
  public func mapVectors(_ transform: (Variable) -> Variable) -> LabeledBatch {
    LabeledBatch(vectors: transform(vectors), labels: labels)
  }
}
