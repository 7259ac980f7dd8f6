// SPDX-License-Identifier: Apache-2.0

public import Autodiff

/// A loss of vectors of which each has a label: it finds its triplets in the batch.
///
/// A loss is written with the ops of `Context`, which know their derivatives:
///
/// ```swift
/// /// The mean over anchors of log(1 + exp(d_p - d_n)), of the mean distances to positives and to negatives.
/// struct CentralSoftMarginLoss: LabeledLoss {
///   func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue {
///     …
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
