// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of pairs of vectors, each with a number that says how alike its two shall be.
public protocol PairLoss: Sendable {
  /// The loss of a batch.
  ///
  /// - Parameters:
  ///   - first: `[N, D]`
  ///   - second: `[N, D]`; row i makes a pair with row i of `first`.
  ///   - targets: one a pair: 1 for alike and 0 for not, or a score.
  func callAsFunction(first: Variable, second: Variable, targets: [Float], in context: Context) -> LossValue

  /// The loss where all vectors are equal, by which a collapse shows; nil, the default, if it is not known.
  var valueOfCollapse: Float? { get }
}

extension PairLoss {
  /// Not known.
  public var valueOfCollapse: Float? { nil }
}
