// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

/// How many of its first features a vector keeps each time a loss is taken of it.
public struct MatryoshkaDimensions: Equatable, Sendable {
  /// From the largest down.
  public let dimensions: [Int]

  /// How much the loss of each counts.
  public let weights: [Float]

  /// Dimensions in any order.
  ///
  /// - Parameters:
  ///   - full: the dimension of the vectors.
  ///   - weights: one a dimension; nil: 1 each.
  /// - Throws: ``LossError`` if a dimension is not among those of the vectors or comes twice, if there are none, or if
  ///   a weight is negative or no number.
  public init(_ dimensions: [Int], of full: Int, weights: [Float]? = nil) throws(LossError) {
    let weights = weights ?? dimensions.map { _ in 1 }
    precondition(weights.count == dimensions.count, "\(weights.count) weights for \(dimensions.count) dimensions")
    guard !dimensions.isEmpty else { throw .noDimensions }
    for (place, dimension) in dimensions.enumerated() {
      guard dimension >= 1 && dimension <= full else { throw .badDimension(dimension, of: full) }
      guard !dimensions[..<place].contains(dimension) else { throw .repeatedDimension(dimension) }
    }
    for weight in weights where !(weight >= 0 && weight.isFinite) { throw .badWeight(weight) }
    let descending = zip(dimensions, weights).sorted { $0.0 > $1.0 }
    self.dimensions = descending.map { $0.0 }
    self.weights = descending.map { $0.1 }
  }

  /// Σ_d w_d loss(d), with the statistics of the largest dimension.
  ///
  /// - Parameter loss: of what a function makes of vectors `[N, D]`: their first d features, brought to length 1.
  func sum(in context: Context, _ loss: (_ shortened: (Variable) -> Variable) -> LossValue) -> LossValue {
    let parts = zip(dimensions, weights).map { dimension, weight in
      let part = loss { context.normalized(context.columns(of: $0, in: 0..<dimension)) }
      return LossValue(context.product(part.value, weight), statistics: part.statistics)
    }
    let total = parts.dropFirst().reduce(parts[0].value) { context.sum($0, $1.value) }
    return LossValue(total, statistics: parts[0].statistics)
  }

  /// The sum of the weights times the value of a loss.
  func sum(of value: Float?) -> Float? { value.map { $0 * weights.reduce(0, +) } }
}
