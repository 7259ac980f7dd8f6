// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Anchors whose positives shall rank before all other vectors of the batch.
public struct RankingBatch: AnchoredBatch, VectorBatch {
  /// `[N, D]`
  public let anchors: Variable

  /// `[N, D]`; row i belongs to anchor i.
  public let positives: Variable

  /// `[N K, D]`; rows K i to K (i + 1) - 1 belong to anchor i. nil: positives of others alone are negatives.
  public let negatives: Variable?

  /// Of the anchors with their positives, then of the negatives: what is of an anchor's class is no negative of it. nil:
  /// all that is not its positive is one.
  public let classes: [Int]?

  /// Anchors, as many positives, and perhaps negatives and classes.
  public init(anchors: Variable, positives: Variable, negatives: Variable? = nil, classes: [Int]? = nil) {
    let count = anchors.shape[0], negativeCount = negatives?.shape[0] ?? 0
    precondition(
      positives.shape[0] == count && negativeCount.isMultiple(of: max(count, 1)),
      "\(positives.shape[0]) positives and \(negativeCount) negatives for \(count) anchors")
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

  /// The batch with other vectors.
  public func mapVectors(_ transform: (Variable) -> Variable) -> RankingBatch {
    RankingBatch(
      anchors: transform(anchors), positives: transform(positives), negatives: negatives.map(transform),
      classes: classes)
  }
}
