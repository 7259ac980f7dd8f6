// SPDX-License-Identifier: Apache-2.0

public import SwiftletEncoders
public import SwiftletTensors

/// The nearest neighbor of a vector, by cosine.
public struct NearestNeighbor: Equatable, Sendable {
  /// The row of the neighbor.
  public let index: Int
  /// The cosine of the angle between the two vectors, from -1 to 1 except for rounding; 0 if a vector is zero.
  public let cosine: Float

  /// Creates a neighbor.
  public init(index: Int, cosine: Float) {
    self.index = index
    self.cosine = cosine
  }
}

extension Tensor {
  /// Finds the nearest of the other rows for each row of `[count, dimension]`, by cosine. Of equally near rows the
  /// first is taken.
  ///
  /// - Parameter encoder: the encoder whose threads are used; nil: the shared threads of the process.
  /// - Precondition: There are at least two rows, and all numbers are finite.
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
