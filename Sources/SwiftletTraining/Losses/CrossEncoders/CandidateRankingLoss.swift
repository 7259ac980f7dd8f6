// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// A loss of classifying, for each query i, which of its candidates is the positive, by a cross-encoder's logits z_ij with
/// the positive at j = 0: mean_i (log Σ_j exp(s σ(z_ij)) - s σ(z_i0)), where σ is the sigmoid function.
///
/// As `MultipleNegativesRankingLoss` of sentence-transformers' cross-encoders. There, four random candidates of other rows
/// join those of the table; here, only where the table has no negatives.
public struct CandidateRankingLoss: AnchorwiseLoss, NamedLoss {
  /// s: the factor of scores, the inverse of a temperature.
  public let scale: Float

  /// The loss.
  public init(scale: Float = 10) { self.scale = scale }

  /// log Σ_j exp(s σ(z_ij)) - s σ(z_i0) of each query.
  public func terms(_ batch: CandidateBatch, anchors: Range<Int>) -> LossTerms {
    let scores = batch.scores(anchors) { scale * $0.map(.sigmoid) }, columns = scores.shape[1]
    return LossTerms(scores.rowLogSumExps() - scores.elements((0..<anchors.count).map { $0 * columns }))
  }

  // MARK: Named loss

  /// `multiple-negatives-ranking`
  public static let name = MultipleNegativesRankingLoss.name

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([.scale], of: Self.self)
    self.init(scale: parameters.scale ?? 10)
  }
}
