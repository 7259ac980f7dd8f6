// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss for pairs with a score y and the cosine c: the mean of (c - y)².
///
/// Scores are on the scale of the cosine, -1 to 1.
///
/// Reimers, Gurevych: Sentence-BERT, EMNLP 2019, arXiv:1908.10084, the regression objective.
public struct CosineSimilarityLoss: AnchorwiseLoss, NamedLoss, BoundedTargetsLoss {
  /// The loss.
  public init() {}

  /// (c - y)² of each pair.
  public func terms(_ batch: PairBatch, anchors: Range<Int>) -> LossTerms {
    let pairs = batch.pairs(anchors)
    return LossTerms((pairs.first.cosines(to: pairs.second) - pairs.y).square())
  }

  package static let targets = -1.0...1.0

  // MARK: Named loss

  /// `cosine-similarity`
  public static let name = "cosine-similarity"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([], of: Self.self)
    self.init()
  }
}
