// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

/// A loss that a user writes and evaluates without an encoder.
struct OwnLossTests {
  private struct SpreadLoss: Loss {
    func callAsFunction(_ batch: LabeledBatch) -> LossValue {
      LossValue(batch.vectors.distancesAmongRows(.squaredEuclidean).mean())
    }
  }

  @Test func valueAndGradient() throws {
    let evaluation = try SpreadLoss().evaluate(Tensor([0, 0, 3, 4], shape: [2, 2]), labels: [0, 1])
    #expect(evaluation.value == 12.5)
    #expect(evaluation.gradients[0].values == [-3, -4, 3, 4])
  }
}
