// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of triplets that are given: of each anchor one positive, and K negatives.
public protocol ExplicitTripletLoss: Sendable {
  /// The loss of a batch.
  ///
  /// - Parameters:
  ///   - anchors: `[N, D]`
  ///   - positives: `[N, D]`; row i belongs to anchor i.
  ///   - negatives: `[N K, D]`; rows K i to K (i + 1) - 1 belong to anchor i.
  func callAsFunction(
    anchors: Variable, positives: Variable, negatives: Variable, in context: Context
  ) -> LossValue

  /// The loss where all vectors are equal, by which a collapse shows; nil, the default, if it is not known.
  var valueOfCollapse: Float? { get }
}

extension ExplicitTripletLoss {
  /// Not known.
  public var valueOfCollapse: Float? { nil }
}
