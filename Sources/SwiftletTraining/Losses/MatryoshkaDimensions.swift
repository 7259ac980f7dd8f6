// SPDX-License-Identifier: Apache-2.0

/// How many of its first features a vector keeps each time a loss is taken of it.
package struct MatryoshkaDimensions: Equatable, Sendable {
  /// From the largest down.
  package let dimensions: [Int]

  /// How much the loss of each counts.
  package let weights: [Float]

  /// Dimensions in any order.
  ///
  /// - Parameters:
  ///   - full: the dimension of the vectors.
  ///   - weights: one a dimension; nil: 1 each.
  /// - Throws: ``LossError`` if a dimension is not among those of the vectors or comes twice, if there are none, or if
  ///   a weight is negative or no number.
  package init(_ dimensions: [Int], of full: Int, weights: [Float]? = nil) throws(LossError) {
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

}

extension MatryoshkaDimensions: CustomStringConvertible {
  /// The dimensions, with the weights that are not 1.
  package var description: String {
    zip(dimensions, weights).map { $1 == 1 ? "\($0)" : "\($0) x \($1)" }.joined(separator: " ")
  }
}
