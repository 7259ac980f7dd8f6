// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Pairs with a score y, and their cosine c: the mean of (c - y)².
///
/// Scores are on the scale of the cosine, -1 to 1.
///
/// Reimers, Gurevych: Sentence-BERT, EMNLP 2019, arXiv:1908.10084, the regression objective.
public struct CosineSimilarityLoss: PairLoss {
  /// The loss.
  public init() {}

  /// The loss of a batch.
  public func callAsFunction(
    first: Variable, second: Variable, targets: [Float], in context: Context
  ) -> LossValue {
    let y = PairTargets(targets, of: first, second)
    let error = context.difference(context.cosines(first, second), y.variable)
    return LossValue(context.mean(of: context.square(error)))
  }
}
