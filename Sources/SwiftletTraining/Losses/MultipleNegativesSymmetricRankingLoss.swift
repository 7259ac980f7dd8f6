// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// ``MultipleNegativesRankingLoss`` and, of each positive p_i, its anchor among all anchors: the mean of both, which is
/// mean_i ((log Σ_j exp(s cos(a_i, d_j)) + log Σ_j exp(s cos(a_j, p_i))) / 2 - s cos(a_i, p_i)).
///
/// Radford and others: Learning transferable visual models from natural language supervision, arXiv:2103.00020, 2021.
public struct MultipleNegativesSymmetricRankingLoss: RankingLoss {
  /// s: by what cosines are multiplied; the inverse of a temperature.
  public let scale: Float

  /// The loss.
  public init(scale: Float = 20) { self.scale = scale }

  /// The loss of a batch.
  public func callAsFunction(
    anchors: Variable, positives: Variable, negatives: Variable?, classes: [Int]?, in context: Context
  ) -> LossValue {
    let scores = RankingScores(
      anchors: anchors, positives: positives, negatives: negatives, classes: classes, scale: scale, in: context)
    let forward = context.rowLogSumExps(of: scores.ofDocuments)
    let backward = context.rowLogSumExps(of: scores.ofAnchors())
    let terms = context.difference(context.product(context.sum(forward, backward), 0.5), scores.ofPositives())
    return LossValue(context.mean(of: terms), statistics: scores.statistics)
  }
}
