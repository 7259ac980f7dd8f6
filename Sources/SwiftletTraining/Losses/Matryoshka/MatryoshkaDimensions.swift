// SPDX-License-Identifier: Apache-2.0

/// The dimensions to which a Matryoshka loss cuts vectors, with their weights.
package struct MatryoshkaDimensions: Equatable, Sendable {
  /// The dimensions, in descending order.
  package let dimensions: [Int]

  /// The weight of each dimension's loss.
  package let weights: [Float]

  /// Checks and sorts dimensions.
  ///
  /// - Parameters:
  ///   - full: the dimension of the vectors.
  ///   - weights: the weight of each dimension; nil: 1 each.
  /// - Throws: ``LossError`` if there are no dimensions, if one is not among those of the vectors or is given twice, or
  ///   if a weight is negative or not finite.
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
  /// The dimensions, with weights other than 1.
  package var description: String {
    zip(dimensions, weights).map { $1 == 1 ? "\($0)" : "\($0) x \($1)" }.joined(separator: " ")
  }
}
