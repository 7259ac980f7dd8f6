// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of classifying, for each anchor a_i, which of all documents d_j is its positive. Documents are the positives
/// and negatives of the whole batch: mean_i (log Σ_j exp(s cos(a_i, d_j)) - s cos(a_i, d_i)).
///
/// Also called InfoNCE, and NT-Xent with the temperature 1 / s. If classes are known, as for labeled texts, documents
/// of the anchor's class other than its positive are left out; else a text should not be in the batch twice. If all
/// vectors are equal, the loss is the logarithm of the number of documents.
///
/// Henderson and others: Efficient natural language response suggestion for smart reply, arXiv:1705.00652, 2017,
/// section 4.4; van den Oord, Li, Vinyals: Representation learning with contrastive predictive coding,
/// arXiv:1807.03748, 2018.
public struct MultipleNegativesRankingLoss: AnchorwiseLoss, NamedLoss {
  /// s: the factor of cosines, the inverse of a temperature.
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

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.scale], of: Self.self)
    self.init(scale: parameters.scale ?? 20)
  }
}
