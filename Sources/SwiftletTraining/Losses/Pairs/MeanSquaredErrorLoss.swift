// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss for pairs u, v with the target 1: the mean of (u - v)² over pairs and features. Other pairs are ignored.
///
/// A poor baseline: the loss is lowest if all vectors are equal. Without such pairs the loss is 0.
public struct MeanSquaredErrorLoss: NamedLoss, BoundedTargetsLoss {
  /// The loss.
  public init() {}

  /// Computes the loss of a batch.
  public func callAsFunction(_ pairs: PairBatch) -> LossValue {
    let u = pairs.first.rows(pairs.positives), v = pairs.second.rows(pairs.positives)
    return LossValue((u - v).square().mean())
  }

  /// 0
  public var valueOfCollapse: Float? { 0 }

  package static let targets = 0.0...1.0

  // MARK: Named loss

  /// `mse`
  public static let name = "mse"

  /// Creates the loss from optional parameters.
  public init(_ parameters: LossChoice.Parameters) throws {
    try parameters.check([], of: Self.self)
    self.init()
  }
}
