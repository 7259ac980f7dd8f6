// SPDX-License-Identifier: Apache-2.0

public import SwiftletAutodiff

/// A loss of vectors of which each has a label: it finds its triplets in the batch.
///
/// It is written with the ops of `Context`, which bring their derivatives. The mean over anchors of
/// log(1 + exp(d_p - d_n)), with the nearest positive p and the nearest negative n:
///
/// ```swift
/// struct NearestPositiveLoss: LabeledLoss {
///   func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue {
///     let distances = context.distances(among: vectors)
///     let positives = context.rowMinima(of: distances) { $0 != $1 && labels[$0] == labels[$1] }
///     let negatives = context.rowMinima(of: distances) { labels[$0] != labels[$1] }
///     return LossValue(context.mean(of: context.softplus(context.difference(positives, negatives))))
///   }
/// }
/// ```
public protocol LabeledLoss: Sendable {
  /// The loss of a batch.
  ///
  /// - Parameters:
  ///   - vectors: `[B, D]`
  ///   - labels: one a row; rows are of one class if their labels are equal.
  func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue

  /// The loss where all vectors are equal, by which a collapse shows; nil, the default, if it is not known.
  var valueOfCollapse: Float? { get }
}

extension LabeledLoss {
  /// Not known.
  public var valueOfCollapse: Float? { nil }
}
