// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A batch of given triplets: one positive and K negatives for each anchor.
public struct TripletBatch: AnchoredBatch, VectorBatch {
  /// `[N, D]`
  public let anchors: Variable

  /// `[N, D]`; row i belongs to anchor i.
  public let positives: Variable

  /// `[N K, D]`; rows K i to K (i + 1) - 1 belong to anchor i.
  public let negatives: Variable

  /// Creates a batch with one positive and K negatives for each anchor.
  public init(anchors: Variable, positives: Variable, negatives: Variable) {
    let count = anchors.shape[0], negativeCount = negatives.shape[0]
    precondition(
      count > 0 && positives.shape[0] == count && negativeCount > 0 && negativeCount.isMultiple(of: count),
      "\(positives.shape[0]) positives and \(negativeCount) negatives for \(count) anchors")
    self.anchors = anchors
    self.positives = positives
    self.negatives = negatives
  }

  /// N
  public var anchorCount: Int { anchors.shape[0] }

  /// K
  public var negativesPerAnchor: Int { negatives.shape[0] / anchorCount }

  /// Returns the batch with transformed vectors.
  public func mapVectors(_ transform: (Variable) -> Variable) -> TripletBatch {
    TripletBatch(anchors: transform(anchors), positives: transform(positives), negatives: transform(negatives))
  }
}
