// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// What a loss saw of a batch, by which one follows the training; nil where there was no such thing.
public struct BatchStatistics: Equatable, Sendable {
  /// The share of the loss's terms, most often one a triplet, that are above 0: the others teach nothing.
  public var activeFraction: Float?

  /// The distance from an anchor to its farthest positive: the mean over the anchors that have one.
  public var hardestPositive: Float?

  /// The distance from an anchor to its nearest negative: the mean over the anchors that have one.
  public var hardestNegative: Float?

  /// Statistics of a batch.
  public init(activeFraction: Float? = nil, hardestPositive: Float? = nil, hardestNegative: Float? = nil) {
    self.activeFraction = activeFraction
    self.hardestPositive = hardestPositive
    self.hardestNegative = hardestNegative
  }

  /// The share of a loss's terms that are above 0.
  static func activeFraction(of terms: Variable) -> Float? {
    mean(terms.tensor.values.map { $0 > 0 ? 1 : 0 })
  }

  /// The mean of some numbers; nil if there are none.
  static func mean(_ values: [Float]) -> Float? {
    values.isEmpty ? nil : Float(values.reduce(0) { $0 + Double($1) } / Double(values.count))
  }
}
