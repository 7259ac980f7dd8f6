// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// Pairs u, v with the target 1: the mean of (u - v)² over pairs and features; other pairs are left out.
///
/// A poor baseline: nothing keeps vectors apart, so that all equal is its best. Without such pairs the loss is 0.
public struct MeanSquaredErrorLoss: PairLoss {
  /// The loss.
  public init() {}

  /// The loss of a batch.
  public func callAsFunction(
    first: Variable, second: Variable, targets: [Float], in context: Context
  ) -> LossValue {
    let pairs = PairTargets(targets, of: first, second).positives
    let error = context.difference(context.rows(of: first, at: pairs), context.rows(of: second, at: pairs))
    return LossValue(context.mean(of: context.square(error)))
  }

  /// 0
  public var valueOfCollapse: Float? { 0 }
}
