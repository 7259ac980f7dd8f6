// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import TestSupport
import Testing

/// The backward pass of attention over packed sequences of one token, of about one vector of scores, and of several
/// blocks of rows.
@Suite struct AttentionGradientTests {
  private static let lengths = [1, 2, 15, 16, 17, 70]
  private static let starts = lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }

  @Test(arguments: [(6, 2), (16, 1), (36, 2)]) func attention(hidden: Int, heads: Int) {
    GradientChecker(randomTensor(121, 3 * hidden, seed: 1)) {
      $0.attention($1[0], sequenceStarts: Self.starts, headCount: heads)
    }.expect(coordinates: 60) { inputs, _ in
      twinAttention(inputs[0], sequenceStarts: Self.starts, headCount: heads, hidden: hidden)
    }
  }

  /// A bias for each offset of each text, and heads that each have their own.
  @Test(arguments: [(6, 2), (36, 3)]) func attentionWithBias(hidden: Int, heads: Int) {
    let offsets = 2 * Self.starts[Self.lengths.count] - Self.lengths.count
    GradientChecker(randomTensor(121, 3 * hidden, seed: 1), randomTensor(offsets, heads, seed: 2)) {
      $0.attention($1[0], bias: $1[1], sequenceStarts: Self.starts, headCount: heads)
    }.expect(coordinates: 60) { inputs, _ in
      twinAttention(
        inputs[0], sequenceStarts: Self.starts, headCount: heads, hidden: hidden,
        bias: { text, query, head, key in
          let first = 2 * Self.starts[text] - text, middle = Self.lengths[text] - 1
          return inputs[1][(first + middle + key - query) * heads + head]
        })
    }
  }

  /// The bias of a table's rows, which several layers share: its gradient is the sum over layers and texts.
  @Test func biasOfATableInTwoLayers() {
    let hidden = 10, heads = 2, starts = [0, 1, 4, 21], scope = ParameterScope()
    let table = scope.table("bias", rows: 3, columns: heads)
    let rows: [Int32] = zip(starts, starts.dropFirst()).flatMap { start, end in
      (start - end + 1..<end - start).map { Int32($0 < 0 ? 0 : $0 == 0 ? 1 : 2) }
    }
    var checker = GradientChecker(randomTensor(21, 3 * hidden, seed: 1), randomTensor(21, 3 * hidden, seed: 2)) {
      context, inputs in
      let bias = context.embedding((table, rows))
      let first = context.attention(inputs[0], bias: bias, sequenceStarts: starts, headCount: heads)
      return first + context.attention(inputs[1], bias: bias, sequenceStarts: starts, headCount: heads)
    }
    checker.parameters = scope.list
    checker.values = [randomNumbers(3 * heads, 3)]
    checker.expect(coordinates: 60) { inputs, parameters in
      let layers = inputs.map {
        twinAttention(
          $0, sequenceStarts: starts, headCount: heads, hidden: hidden,
          bias: { _, query, head, key in parameters[0][(key < query ? 0 : key == query ? 1 : 2) * heads + head] })
      }
      return zip(layers[0], layers[1]).map(+)
    }
  }

  @Test(arguments: [0.1, 0.6]) func attentionWithDropout(probability: Double) {
    let hidden = 10, heads = 2, firstText = 3
    let generator = Philox(seed: 9)
    var checker = GradientChecker(randomTensor(121, 3 * hidden, seed: 1)) {
      $0.attention(
        $1[0], sequenceStarts: Self.starts, headCount: heads, dropoutProbability: probability, op: 7)
    }
    checker.dropout = DropoutMasks(generator, batch: 11, firstText: firstText)
    let twin = TwinDropout(generator, batch: 11, op: 7, probability: probability)
    let factors = Self.lengths.enumerated().map { text, length in
      (0..<length).map { position in
        (0..<heads).map { head in
          (0..<length).map { twin.factor(text: firstText + text, position: position, head: head, element: $0) }
        }
      }
    }
    checker.expect(coordinates: 60) { inputs, _ in
      twinAttention(
        inputs[0], sequenceStarts: Self.starts, headCount: heads, hidden: hidden, factor: { factors[$0][$1][$2][$3] })
    }
  }

  /// Scores that differ by hundreds give weights of 0 and 1. Their gradients must be 0, not NaN.
  @Test func attentionThatIsCertain() {
    let x = Tensor(randomNumbers(9 * 12, 1).map { $0 * 100 }, shape: [9, 12])
    let outcome = GradientChecker(x) {
      $0.attention($1[0], sequenceStarts: [0, 9], headCount: 1)
    }.expectSameBits()
    #expect((outcome.result + outcome.inputs[0]).allSatisfy { Float(bitPattern: $0).isFinite })
  }
}
