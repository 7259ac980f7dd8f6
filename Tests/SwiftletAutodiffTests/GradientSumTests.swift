// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import Testing

@testable import SwiftletAutodiff

/// Sums of the gradients of blocks; those of a whole encoder are in BlockGradientTests.
@Suite struct GradientSumTests {
  /// What a sum that was given up has left does not come into the next.
  @Test func aSumThatWasGivenUpLeavesNothing() throws {
    let scope = ParameterScope()
    let table = scope.table("words", rows: 9, columns: 3), layer = scope.linear("dense", inputs: 3, outputs: 2)
    let gradients = Gradients(TrainableWeights.random(scope.list, kernels: .best).layout)
    let sum = GradientSum(of: gradients), worker = Worker.alone()
    let rows = try #require(gradients.table(table))
    func addBlock(row: Int32, _ number: Float) {
      gradients.vector.fill(number)
      _ = rows.places(for: [row])
      rows.values.row(0).fill(number)
      sum.move(kernels: .best, worker: worker)
    }
    sum.begin(blockCount: 2)
    addBlock(row: 7, 5)
    sum.begin(blockCount: 2)
    for (row, number) in [(4, 1), (2, 2)] as [(Int32, Float)] { addBlock(row: row, number) }
    #expect(sum.take(kernels: .best, worker: worker))
    #expect(gradients[layer.parts[0].weight].values == [Float](repeating: 3, count: 6))
    #expect(rows.rows == [2, 4] && rows.values.row(0).values == [2, 2, 2] && rows.values.row(1).values == [1, 1, 1])
    // And the next starts at 0.
    gradients.clear()
    sum.begin(blockCount: 2)
    addBlock(row: 4, 1)
    #expect(sum.take(kernels: .best, worker: worker))
    #expect(rows.rows == [4] && rows.values.row(0).values == [1, 1, 1])
  }
}
