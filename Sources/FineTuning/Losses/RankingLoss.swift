// SPDX-License-Identifier: Apache-2.0

public import Autodiff

/// A loss of anchors whose positives shall rank before all other vectors of the batch.
public protocol RankingLoss: Sendable {
  /// The loss of a batch.
  ///
  /// - Parameters:
  ///   - anchors: `[N, D]`
  ///   - positives: `[N, D]`; row i belongs to anchor i.
  ///   - negatives: `[N K, D]`; rows K i to K (i + 1) - 1 belong to anchor i. nil: positives of others alone are negatives.
  func callAsFunction(
    anchors: Variable, positives: Variable, negatives: Variable?, in context: Context
  ) -> LossValue

  /// The loss where all vectors are equal, by which a collapse shows; nil, the default, if it is not known.
  var valueOfCollapse: Float? { get }
}

extension RankingLoss {
  /// Not known.
  public var valueOfCollapse: Float? { nil }
}
