// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Pairs with a score y, on any scale, and their cosine c: log(1 + Σ exp(s (c_i - c_j))) over all i, j with y_i < y_j.
///
/// It asks that cosines have the order of the scores. Pairs of one score are not compared; where all scores are equal
/// the loss is 0. Takes O(N²) time and memory.
///
/// Su: CoSENT, https://kexue.fm/archives/8847, 2022.
public struct CoSENTLoss: PairLoss {
  /// s: how sharply two cosines in the wrong order are punished.
  public let scale: Float

  /// The loss.
  public init(scale: Float = 20) { self.scale = scale }

  /// The loss of a batch.
  public func callAsFunction(
    first: Variable, second: Variable, targets: [Float], in context: Context
  ) -> LossValue {
    let y = PairTargets(targets, of: first, second)
    return LossValue(y.orderLoss(of: context.cosines(first, second), scale: scale, in: context))
  }
}

extension PairTargets {
  /// log(1 + Σ exp(s (c_i - c_j))) over all i, j with y_i < y_j.
  ///
  /// - Parameter c: `[N]`
  func orderLoss(of c: Variable, scale s: Float, in context: Context) -> Variable {
    var lower: [Int] = [], higher: [Int] = []
    for i in values.indices {
      for j in values.indices where values[i] < values[j] {
        lower.append(i)
        higher.append(j)
      }
    }
    let excess = context.difference(context.elements(of: c, at: lower), context.elements(of: c, at: higher))
    guard !lower.isEmpty else { return context.sum(of: excess) }
    let exponents = context.reshaped(context.product(excess, s), to: [1, lower.count])
    return context.softplus(context.rowLogSumExps(of: exponents))
  }
}
