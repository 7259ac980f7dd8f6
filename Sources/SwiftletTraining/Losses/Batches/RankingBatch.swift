// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of anchors whose positives shall rank before all other vectors of the batch.
public protocol RankingLoss: Sendable {
  /// The loss of a batch.
  ///
  /// - Parameters:
  ///   - anchors: `[N, D]`
  ///   - positives: `[N, D]`; row i belongs to anchor i.
  ///   - negatives: `[N K, D]`; rows K i to K (i + 1) - 1 belong to anchor i. nil: positives of others alone are negatives.
  ///   - classes: of the anchors with their positives, then of the negatives; what is of an anchor's class is no negative of
  ///     it. nil: all that is not its positive is one.
  func callAsFunction(
    anchors: Variable, positives: Variable, negatives: Variable?, classes: [Int]?, in context: Context
  ) -> LossValue

  /// The loss where all vectors are equal, by which a collapse shows; nil, the default, if it is not known.
  var valueOfCollapse: Float? { get }
}

extension RankingLoss {
  /// The loss of a batch of which all that is not an anchor's positive is its negative.
  public func callAsFunction(
    anchors: Variable, positives: Variable, negatives: Variable?, in context: Context
  ) -> LossValue {
    self(anchors: anchors, positives: positives, negatives: negatives, classes: nil, in: context)
  }

  /// Not known.
  public var valueOfCollapse: Float? { nil }
}
