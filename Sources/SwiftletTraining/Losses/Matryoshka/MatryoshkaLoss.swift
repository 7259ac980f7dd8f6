// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

/// Wraps a loss so that vectors stay useful when they are cut to their first d features, for several d: Σ_d w_d loss(v
/// / |v|), where v is a cut vector.
///
/// Cut vectors are always scaled to unit length, even if the encoder does not normalize. The statistics are those of
/// the largest dimension.
///
/// Kusupati and others: Matryoshka representation learning, NeurIPS 2022, arXiv:2205.13147.
public struct MatryoshkaLoss<Base: Loss>: NormalizingLoss where Base.Batch: VectorBatch {
  /// The loss that is taken of the cut vectors.
  public let base: Base

  /// Each d and its w.
  package let dimensions: MatryoshkaDimensions

  /// Wraps a loss.
  ///
  /// - Parameters:
  ///   - base: the loss to take of the cut vectors.
  ///   - dimensions: each d, in any order.
  ///   - full: the dimension of the vectors.
  ///   - weights: each w, in the order of `dimensions`; nil: 1 each.
  /// - Throws: A ``SwiftletError`` if there are no dimensions, if one is not among those of the vectors or is given twice,
  ///   or if a weight is negative or not finite.
  public init(_ base: Base, dimensions: [Int], of full: Int, weights: [Float]? = nil) throws {
    self.init(base, dimensions: try MatryoshkaDimensions(dimensions, of: full, weights: weights))
  }

  package init(_ base: Base, dimensions: MatryoshkaDimensions) {
    self.base = base
    self.dimensions = dimensions
  }

  /// Computes the loss of a batch.
  public func callAsFunction(_ batch: Base.Batch) -> LossValue {
    let parts = zip(dimensions.dimensions, dimensions.weights).map { dimension, weight in
      let part = base(batch.mapVectors { $0.columns(0..<dimension).normalized() })
      return LossValue(part.value * weight, statistics: part.statistics)
    }
    return LossValue(
      parts.dropFirst().reduce(parts[0].value) { $0 + $1.value }, statistics: parts[0].statistics)
  }

  /// The value of the base loss, times the sum of the weights.
  public var valueOfCollapse: Float? { base.valueOfCollapse.map { $0 * dimensions.weights.reduce(0, +) } }
}

extension MatryoshkaLoss: BoundedTargetsLoss where Base: BoundedTargetsLoss {
  package static var targets: ClosedRange<Double> { Base.targets }
}

/// A loss that scales the vectors of its batch to unit length.
package protocol NormalizingLoss: Loss {}
