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

  /// The terms of a loss, computed anchor by anchor.
  private func terms<L: AnchorwiseLoss>(_ loss: L, _ batch: L.Batch) -> [Float] {
    func anchors(of batch: some AnchoredBatch) -> Range<Int> { 0..<batch.anchorCount }
    return anchors(of: batch).flatMap { loss.terms(batch, anchors: $0..<$0 + 1).values.values }
  }

  @Test func anchorsOneByOne() {
    let batch = LabeledBatch(vectors: Variable(Tensor([0, 0, 3, 4, 6, 8], shape: [3, 2])), labels: [0, 0, 1])
    let loss = BatchHardTripletLoss(margin: 1)
    #expect(terms(loss, batch) == loss.terms(batch, anchors: 0..<3).values.values)
  }

  @Test func valueAndGradient() throws {
    let evaluation = try SpreadLoss().evaluate(Tensor([0, 0, 3, 4], shape: [2, 2]), labels: [0, 1])
    #expect(evaluation.value == 12.5)
    #expect(evaluation.gradients[0].values == [-3, -4, 3, 4])
  }
}
