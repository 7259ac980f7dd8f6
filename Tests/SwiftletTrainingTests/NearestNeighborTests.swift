// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletTraining
import TestSupport
import Testing

struct NearestNeighborTests {
  @Test func theNearestIsThatByCosineAndOfEquallyNearOnesTheFirst() {
    let vectors = Tensor([1, 0, 3, 1, 0, 2, 6, 2, 0, 0], shape: [5, 2])
    let neighbors = vectors.nearestNeighbors()
    #expect(neighbors.map(\.index) == [1, 3, 1, 1, 0])
    #expect(abs(neighbors[0].cosine - 0.9486833) < 1e-6 && abs(neighbors[1].cosine - 1) < 1e-6)
    #expect(neighbors[4].cosine == 0)
    #expect(vectors.nearestNeighbors(on: ThreadPool(threadCount: 1)) == neighbors)
  }

  /// More rows than one panel of the matrix product, and many equal cosines.
  @Test func theirLabelsMakeTheAccuracy() {
    var random = SplitMix64(seed: 4)
    let count = 1100, dimension = 3
    let values = (0..<count * dimension).map { _ in Float(Int.random(in: -2...2, using: &random)) }
    let labels = (0..<count).map { _ in Int.random(in: 0..<4, using: &random) }
    let vectors = Tensor(values, shape: [count, dimension])
    let neighbors = vectors.nearestNeighbors()
    #expect(neighbors.indices.allSatisfy { neighbors[$0].index != $0 })
    let right = neighbors.indices.count { labels[neighbors[$0].index] == labels[$0] }
    #expect(NearestNeighborMetrics(vectors, labels: labels).accuracyAt1 == Double(right) / Double(count))
  }
}
