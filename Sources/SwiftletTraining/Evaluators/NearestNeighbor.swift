// SPDX-License-Identifier: Apache-2.0

public import SwiftletEncoders
public import SwiftletTensors

/// The vector nearest to another by cosine.
public struct NearestNeighbor: Equatable, Sendable {
  /// Its row.
  public let index: Int
  /// The cosine of the angle between the two, -1 to 1 but for rounding; 0 if one of them is 0.
  public let cosine: Float

  /// A neighbor at a row.
  public init(index: Int, cosine: Float) {
    self.index = index
    self.cosine = cosine
  }
}

extension Tensor {
  /// For each row of `[count, dimension]` the nearest of the other rows, of equally near ones the first: what
  /// ``NearestNeighborMetrics/accuracyAt1`` compares labels with.
  ///
  /// - Parameter encoder: whose threads do the work; nil: those of the process, one a processor. The neighbors are the
  ///   same.
  /// - Precondition: There are at least two rows, and their numbers are finite.
  /// - Complexity: 2 x count² x dimension floating-point operations.
  public func nearestNeighbors(onThreadsOf encoder: SentenceEncoder? = nil) -> [NearestNeighbor] {
    nearestNeighbors(on: encoder?.pool ?? .shared)
  }

  package func nearestNeighbors(on pool: ThreadPool) -> [NearestNeighbor] {
    precondition(shape.count == 2 && shape[0] >= 2, "vectors of shape \(shape), where two rows or more are needed")
    let unit = UnitVectors(self)
    return unit.mapSimilarities(with: unit, on: pool) { row, cosines in
      var nearest = row == 0 ? 1 : 0
      for other in cosines.indices where cosines[other] > cosines[nearest] && other != row { nearest = other }
      return NearestNeighbor(index: nearest, cosine: cosines[nearest])
    }
  }
}
