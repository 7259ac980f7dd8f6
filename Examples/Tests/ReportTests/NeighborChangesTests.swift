// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@testable import RunReport

struct NeighborChangesTests {
  /// Directions in degrees, so that nearness can be read off.
  private func vectors(_ degrees: [Float]) -> Tensor {
    Tensor(degrees.flatMap { [cosine($0), cosine($0 - 90)] }, shape: [degrees.count, 2])
  }

  /// By its series: good to 1e-4 up to half a turn.
  private func cosine(_ degrees: Float) -> Float {
    let x = degrees * .pi / 180
    return (1...10).reduce((sum: Float(1), term: Float(1))) { state, n in
      let term = -state.term * x * x / Float((2 * n - 1) * 2 * n)
      return (state.sum + term, term)
    }.sum
  }

  @Test func changesAreSortedOutByTheLabelsOfTheNeighbors() {
    let texts = LabeledTexts(
      texts: ["a1", "a2", "b1", "b2", "c1", "c2", "c3"], labels: ["a", "a", "b", "b", "c", "c", "c"])
    // Before: a1-b1 and a2-b2 are neighbors; the c are among themselves. After: a1-a2 and b1-b2 are, c3 is beside b2.
    let comparison = EncoderComparison(
      texts, before: vectors([0, 40, 4, 43, 90, 95, 101]), after: vectors([0, 5, 40, 46, 90, 95, 50]))
    let changes = NeighborChanges(comparison)
    #expect(changes.better.map(\.text) == [1, 0, 2])  // b2 has c3 for its neighbor now
    #expect(changes.better.map(\.before.index) == [3, 2, 0] && changes.better.map(\.after.index) == [0, 1, 3])
    #expect(changes.worse.map(\.text) == [6])
    #expect(changes.worse.first?.before.index == 5 && changes.worse.first?.after.index == 3)
    #expect(changes.stillRight == 2 && changes.stillWrong == 1 && changes.count == 7)
  }

  @Test func withoutAChangeThereIsNone() {
    let texts = LabeledTexts(texts: ["x", "y"], labels: ["a", "a"]), same = vectors([0, 10])
    let changes = NeighborChanges(EncoderComparison(texts, before: same, after: same))
    #expect(changes.better.isEmpty && changes.worse.isEmpty && changes.stillRight == 2)
  }
}
