// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// The mean of ``MultipleNegativesRankingLoss`` and the same loss with anchors and positives exchanged: mean_i ((log
/// Σ_j exp(s cos(a_i, d_j)) + log Σ_j exp(s cos(a_j, p_i))) / 2 - s cos(a_i, p_i)).
///
/// Radford and others: Learning transferable visual models from natural language supervision, arXiv:2103.00020, 2021.
public struct MultipleNegativesSymmetricRankingLoss: AnchorwiseLoss, NamedLoss {
  /// s: the factor of cosines, the inverse of a temperature.
  public let scale: Float

  /// The loss.
  public init(scale: Float = 20) { self.scale = scale }

  /// (log Σ_j exp(s cos(a_i, d_j)) + log Σ_j exp(s cos(a_j, p_i))) / 2 - s cos(a_i, p_i) of each anchor.
  public func terms(_ batch: RankingBatch, anchors: Range<Int>) -> LossTerms {
    let scores = RankingScores(batch, anchors: anchors, scale: scale)
    let forward = scores.ofDocuments.rowLogSumExps(), backward = scores.ofAnchors().rowLogSumExps()
    return LossTerms((forward + backward) / 2 - scores.ofPositives(), statistics: scores.statistics)
  }

  // MARK: Named loss

  /// `multiple-negatives-ranking-symmetric`
  public static let name = "multiple-negatives-ranking-symmetric"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.scale], of: Self.self)
    self.init(scale: parameters.scale ?? 20)
  }
}
