// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A batch of anchors whose positives should rank before all other vectors of the batch.
public struct RankingBatch: AnchoredBatch, VectorBatch {
  /// `[N, D]`
  public let anchors: Variable

  /// `[N, D]`; row i belongs to anchor i.
  public let positives: Variable

  /// `[M, D]`, in the order of their anchors. If each anchor has K negatives, rows K i to K (i + 1) - 1 belong to anchor
  /// i; a table can have another number in each row. nil: only the positives of other anchors are negatives.
  public let negatives: Variable?

  /// The classes of the anchors with their positives, then of the negatives. Vectors of an anchor's class are not its
  /// negatives. nil: all vectors but its positive are its negatives.
  public let classes: [Int]?

  /// How the anchors of a large batch are shared.
  var blocks = AnchorBlocks()

  /// Creates a batch with one positive for each anchor.
  public init(anchors: Variable, positives: Variable, negatives: Variable? = nil, classes: [Int]? = nil) {
    let count = anchors.shape[0], negativeCount = negatives?.shape[0] ?? 0
    precondition(positives.shape[0] == count, "\(positives.shape[0]) positives for \(count) anchors")
    precondition(
      classes.map { $0.count == count + negativeCount } ?? true,
      "\(classes?.count ?? 0) classes for \(count + negativeCount) documents")
    self.anchors = anchors
    self.positives = positives
    self.negatives = negatives
    self.classes = classes
  }

  /// N
  public var anchorCount: Int { anchors.shape[0] }

  /// Returns the batch with transformed vectors.
  public func mapVectors(_ transform: (Variable) -> Variable) -> RankingBatch {
    var batch = RankingBatch(
      anchors: transform(anchors), positives: transform(positives), negatives: negatives.map(transform),
      classes: classes)
    batch.blocks = blocks
    return batch
  }
}
