// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Pairs with y = 1 for alike and 0 for not: the mean of (y d² + (1 - y) max(m - d, 0)²) / 2.
///
/// Without the half, with the euclidean distance and m = 2, it is also met in textbooks.
///
/// Hadsell, Chopra, LeCun: Dimensionality reduction by learning an invariant mapping, CVPR 2006.
public struct ContrastiveLoss: PairLoss {
  /// How far two vectors are from each other.
  public let distance: Distance

  /// m: how far pairs that are not alike shall be.
  public let margin: Float

  /// The loss.
  public init(distance: Distance = .cosine, margin: Float = 0.5) {
    self.distance = distance
    self.margin = margin
  }

  /// The loss of a batch.
  public func callAsFunction(
    first: Variable, second: Variable, targets: [Float], in context: Context
  ) -> LossValue {
    let y = PairTargets(targets, of: first, second)
    let d = context.distances(first, second, distance)
    let shortfall = context.relu(context.difference(margin, d))
    let terms = context.sum(
      context.product(y.variable, context.square(d)), context.product(y.complement, context.square(shortfall)))
    return LossValue(
      context.product(context.mean(of: terms), 0.5),
      statistics: y.statistics(distances: d, activeFraction: BatchStatistics.activeFraction(of: terms)))
  }
}
