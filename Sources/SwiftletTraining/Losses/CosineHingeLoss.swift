// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Pairs with y = 1 for alike and 0 for not, and their cosine c: the mean of y max(m - c, 0) + (1 - y) max(c + m - 1, 0).
///
/// Pairs that are alike shall have a cosine of m at least, others one of 1 - m at most. With m = 1 it is PyTorch's
/// `cosine_embedding_loss` with its margin of 0.
public struct CosineHingeLoss: PairLoss {
  /// m: the least cosine of pairs that are alike.
  public let margin: Float

  /// The loss.
  public init(margin: Float = 1) { self.margin = margin }

  /// The loss of a batch.
  public func callAsFunction(
    first: Variable, second: Variable, targets: [Float], in context: Context
  ) -> LossValue {
    let y = PairTargets(targets, of: first, second)
    let c = context.cosines(first, second)
    let shortfall = context.relu(context.difference(margin, c)), excess = context.relu(context.sum(c, margin - 1))
    let terms = context.sum(context.product(y.variable, shortfall), context.product(y.complement, excess))
    return LossValue(
      context.mean(of: terms),
      statistics: y.statistics(
        distances: context.difference(1, c), activeFraction: BatchStatistics.activeFraction(of: terms)))
  }
}
