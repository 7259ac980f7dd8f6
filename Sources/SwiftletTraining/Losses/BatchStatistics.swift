// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// Figures of a batch for following the training. A figure is nil if it is undefined for the batch.
public struct BatchStatistics: Equatable, Sendable {
  /// The fraction of the loss's terms, usually one for each triplet, that are above 0. Other terms have no gradient.
  public var activeFraction: Float?

  /// The mean distance from an anchor to its farthest positive, over anchors that have a positive.
  public var hardestPositive: Float?

  /// The mean distance from an anchor to its nearest negative, over anchors that have a negative.
  public var hardestNegative: Float?

  /// How many numbers each figure is the mean of; nil if this is not known.
  var counts: Counts?

  struct Counts {
    var terms = 0
    var positives = 0
    var negatives = 0
  }

  /// Whether the figures are equal.
  public static func == (left: BatchStatistics, right: BatchStatistics) -> Bool {
    left.activeFraction == right.activeFraction && left.hardestPositive == right.hardestPositive
      && left.hardestNegative == right.hardestNegative
  }

  /// Creates the statistics of a batch.
  public init(activeFraction: Float? = nil, hardestPositive: Float? = nil, hardestNegative: Float? = nil) {
    self.activeFraction = activeFraction
    self.hardestPositive = hardestPositive
    self.hardestNegative = hardestNegative
  }

  /// The fraction of terms that are above 0.
  static func activeFraction(of terms: Variable) -> Float? {
    mean(terms.tensor.values.map { $0 > 0 ? 1 : 0 })
  }

  /// The mean of the numbers; nil if there are none.
  static func mean(_ values: [Float]) -> Float? {
    values.isEmpty ? nil : Float(values.reduce(0) { $0 + Double($1) } / Double(values.count))
  }
}
