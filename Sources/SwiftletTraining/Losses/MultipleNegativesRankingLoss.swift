// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Each anchor a_i has its positive among all documents d_j, the positives and the negatives of the whole batch, as a
/// class to be told: mean_i (log Σ_j exp(s cos(a_i, d_j)) - s cos(a_i, d_i)).
///
/// Also called InfoNCE, and NT-Xent with the temperature 1 / s. Where classes are known, as those of labeled texts are,
/// documents of the anchor's class but its own positive are left out; else a text should not be in the batch twice. Where
/// all vectors are equal, the loss is the logarithm of the number of documents.
///
/// Henderson and others: Efficient natural language response suggestion for smart reply, arXiv:1705.00652, 2017, section
/// 4.4; van den Oord, Li, Vinyals: Representation learning with contrastive predictive coding, arXiv:1807.03748, 2018.
public struct MultipleNegativesRankingLoss: AnchorwiseLoss, NamedLoss {
  /// s: by what cosines are multiplied; the inverse of a temperature.
  public let scale: Float

  /// The loss.
  public init(scale: Float = 20) { self.scale = scale }

  /// log Σ_j exp(s cos(a_i, d_j)) - s cos(a_i, d_i) of each anchor.
  public func terms(_ batch: RankingBatch, anchors: Range<Int>) -> LossTerms {
    let scores = RankingScores(batch, anchors: anchors, scale: scale)
    return LossTerms(scores.ofDocuments.rowLogSumExps() - scores.ofPositives(), statistics: scores.statistics)
  }

  // MARK: Named loss

  /// `multiple-negatives-ranking`
  public static let name = "multiple-negatives-ranking"

  /// The loss of parameters that a user may have left out.
  public init(_ parameters: LossParameters) throws {
    try parameters.check([.scale], of: Self.self)
    self.init(scale: parameters.scale ?? 20)
  }
}
