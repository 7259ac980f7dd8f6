// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import TestSupport
import Testing

/// The backward pass of each op against differences of its twin.
@Suite struct GradientTests {
  private static let activations: [Activation] = [
    .identity, .gelu, .geluTanh, .relu, .silu, .tanh, .softplus, .sigmoid,
  ]

  @Test(arguments: activations) func linear(activation: Activation) {
    let scope = ParameterScope()
    let layer = scope.linear("dense", inputs: 7, outputs: 19)
    var checker = GradientChecker(randomTensor(5, 7, seed: 1)) {
      $0.linear($1[0], layer, activation: activation)
    }
    checker.parameters = scope.list
    checker.values = [randomNumbers(19 * 7, 2), randomNumbers(19, 3)]
    checker.expect { twinLinear($0[0], $1[0], $1[1], activation) }
  }

  @Test func linearWithoutBias() {
    let scope = ParameterScope()
    let layer = scope.linear("dense", inputs: 7, outputs: 19, hasBias: false)
    #expect(scope.list.parameters.map(\.name) == ["dense.weight"])
    var checker = GradientChecker(randomTensor(5, 7, seed: 1)) { $0.linear($1[0], layer, activation: .tanh) }
    checker.parameters = scope.list
    checker.values = [randomNumbers(19 * 7, 2)]
    checker.expect { twinLinear($0[0], $1[0], Array(repeating: 0, count: 19), .tanh) }
  }

  /// Wide enough for several panels and for ranges of outputs on several threads.
  @Test func linearOfSeveralParts() {
    let scope = ParameterScope()
    let layer = scope["self"].linear("query", "key", "value", inputs: 49, outputs: 35)
    var checker = GradientChecker(randomTensor(23, 49, seed: 1)) { $0.linear($1[0], layer, activation: .gelu) }
    checker.parameters = scope.list
    checker.values = scope.list.parameters.map { randomNumbers($0.count, UInt64($0.index + 2)) }
    checker.expect(coordinates: 60) { inputs, parameters in
      let weight = stride(from: 0, to: 6, by: 2).flatMap { parameters[$0] }
      return twinLinear(inputs[0], weight, stride(from: 1, to: 6, by: 2).flatMap { parameters[$0] }, .gelu)
    }
  }

  @Test(arguments: [1, 21, 64], [false, true]) func layerNorm(features: Int, hasResidual: Bool) {
    let scope = ParameterScope()
    let norm = scope.layerNorm("LayerNorm", features: features, epsilon: 1e-3)
    var checker = GradientChecker(randomTensor(6, features, seed: 1), randomTensor(6, features, seed: 2)) {
      $0.layerNorm($1[0], residual: hasResidual ? $1[1] : nil, norm)
    }
    checker.parameters = scope.list
    checker.values = [randomNumbers(features, 3), randomNumbers(features, 4)]
    checker.expect { inputs, parameters in
      let z = hasResidual ? zip(inputs[0], inputs[1]).map(+) : inputs[0]
      return twinLayerNorm(z, parameters[0], parameters[1], epsilon: 1e-3)
    }
  }

  /// Three tables, rows read several times, rows never read, and enough tokens for several ranges.
  @Test(arguments: [5, 300]) func embedding(features: Int) {
    let scope = ParameterScope()
    let tables = [("words", 7), ("types", 2), ("positions", 4)].map {
      scope.table($0.0, rows: $0.1, columns: features)
    }
    let indices: [[Int32]] = [[6, 0, 3, 3, 6, 6, 1], [0, 0, 1, 1, 0, 0, 0], [0, 1, 2, 0, 1, 2, 0]]
    var checker = GradientChecker {
      context, _ in context.embedding((tables[0], indices[0]), (tables[1], indices[1]), (tables[2], indices[2]))
    }
    checker.parameters = scope.list
    checker.values = tables.map { randomNumbers($0.count, UInt64($0.index + 1)) }
    checker.expect { _, parameters in
      (0..<7).flatMap { token in
        (0..<features).map { feature in
          (0..<3).reduce(0) { $0 + parameters[$1][Int(indices[$1][token]) * features + feature] }
        }
      }
    }
  }

  @Test(arguments: [0.1, 0.5]) func dropout(probability: Double) {
    let starts = [0, 3, 4, 9], features = 70, firstText = 2
    let generator = Philox(seed: 5)
    var checker = GradientChecker(randomTensor(9, features, seed: 1)) {
      $0.dropped($1[0], probability: probability, op: 4, sequenceStarts: starts)
    }
    checker.dropout = DropoutMasks(generator, batch: 8, firstText: firstText)
    let twin = TwinDropout(generator, batch: 8, op: 4, probability: probability)
    let factors = (0..<3).flatMap { text in
      (0..<starts[text + 1] - starts[text]).flatMap { position in
        (0..<features).map { twin.factor(text: firstText + text, position: position, element: $0) }
      }
    }
    #expect(factors.contains(0) && factors.contains(1 / (1 - probability)))
    checker.expect { inputs, _ in zip(inputs[0], factors).map(*) }
  }

  @Test func dropoutOfNothingAndOfEverything() {
    let x = randomTensor(4, 5, seed: 1)
    func dropped(_ probability: Double) -> GradientChecker.Outcome {
      var checker = GradientChecker(x) { $0.dropped($1[0], probability: probability, op: 0, sequenceStarts: [0, 4]) }
      checker.dropout = DropoutMasks(Philox(seed: 1), batch: 0, firstText: 0)
      return checker.expectSameBits()
    }
    let gradient = GradientChecker.weights(count: 20)
    #expect(dropped(0) == .init(result: bits(x.values), inputs: [bits(gradient)]))
    let nothing = dropped(1)
    #expect((nothing.result + nothing.inputs[0]).allSatisfy { Float(bitPattern: $0) == 0 })
  }

  @Test(arguments: [Reduction.first, .last, .max, .mean, .meanSqrtLength, .weightedMean], [0, 2])
  func pooling(reduction: Reduction, skipped: Int) {
    // Tokens 5 and 6 are in no range; the tokens from 12 to 17 are in two.
    let ranges = [0..<1, 1..<5, 7..<18, 12..<20]
    GradientChecker(randomTensor(20, 19, seed: 1)) {
      $0.pooled($1[0], over: ranges, skipping: ranges.map { _ in skipped }, [reduction])
    }.expect { inputs, _ in
      ranges.flatMap { range in
        let places = min(skipped, range.count - 1)..<range.count
        return (0..<19).map { feature in
          let column = places.map { (place: Double($0 + 1), value: inputs[0][(range.lowerBound + $0) * 19 + feature]) }
          let sum = column.reduce(0) { $0 + $1.value }
          return switch reduction {
          case .first: column[0].value
          case .last: column[column.count - 1].value
          case .max: column.map(\.value).max() ?? 0
          case .mean: sum / Double(column.count)
          case .meanSqrtLength: sum / Double(column.count).squareRoot()
          case .weightedMean: column.reduce(0) { $0 + $1.place * $1.value } / column.reduce(0) { $0 + $1.place }
          }
        }
      }
    }
  }

  @Test func poolingSeveralWays() {
    GradientChecker(randomTensor(6, 3, seed: 1)) {
      $0.pooled($1[0], over: [0..<6], [.mean, .first, .last])
    }.expect { inputs, _ in
      let columns = (0..<3).map { feature in (0..<6).map { inputs[0][$0 * 3 + feature] } }
      return columns.map { $0.reduce(0, +) / 6 } + columns.map { $0[0] } + columns.map { $0[5] }
    }
  }

  /// Only the first of equal maxima has the gradient, as with PyTorch's `max(dim)`.
  @Test func theFirstOfEqualMaximaHasTheGradient() {
    let outcome = GradientChecker(Tensor([1, 2, 2, -1], shape: [4, 1])) {
      $0.pooled($1[0], over: [0..<4], [.max])
    }.expectSameBits()
    #expect(outcome.inputs == [bits([0] + GradientChecker.weights(count: 1) + [0, 0])])
  }

  /// NaN is the largest and the first has the gradient, as with PyTorch's `max(dim)`.
  @Test(arguments: 0..<4) func maximaOfNaN(row: Int) {
    var numbers: [Float] = [1, 2, 2, -1]
    numbers[row] = .nan
    let outcome = GradientChecker(Tensor(numbers, shape: [4, 1])) {
      $0.pooled($1[0], over: [0..<4], [.max])
    }.expectSameBits()
    var gradient = [Float](repeating: 0, count: 4)
    gradient[row] = GradientChecker.weights(count: 1)[0]
    #expect(Float(bitPattern: outcome.result[0]).isNaN && outcome.inputs == [bits(gradient)])
  }

  @Test(arguments: [1, 16, 37]) func normalization(features: Int) {
    GradientChecker(randomTensor(5, features, seed: 1)) { context, inputs in
      inputs[0].normalized()
    }.expect { inputs, _ in
      stride(from: 0, to: inputs[0].count, by: features).flatMap { start in
        let row = inputs[0][start..<start + features]
        let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return row.map { $0 / length }
      }
    }
  }

  /// A vector shorter than 1e-12 is divided by 1e-12.
  @Test func normalizationOfShortVectors() {
    let x: [Float] = [0, 0, 3e-14, -4e-14]
    let outcome = GradientChecker(Tensor(x, shape: [2, 2])) { context, inputs in
      inputs[0].normalized()
    }.expectSameBits()
    #expect(outcome.result == bits(x.map { $0 / 1e-12 }))
    #expect(outcome.inputs == [bits(GradientChecker.weights(count: 4).map { $0 / 1e-12 })])
  }

  /// Both uses of each variable add to its gradient: y = norm(z + z) with z = W x, twice as far as x.
  @Test func variablesUsedTwice() {
    let scope = ParameterScope()
    let layer = scope.linear("dense", inputs: 6, outputs: 6)
    let norm = scope.layerNorm("LayerNorm", features: 6, epsilon: 1e-3)
    var checker = GradientChecker(randomTensor(4, 6, seed: 1)) { context, inputs in
      let z = context.linear(inputs[0], layer)
      let once = context.layerNorm(z, residual: z, norm)
      return context.layerNorm(context.linear(once, layer), residual: inputs[0], norm)
    }
    checker.parameters = scope.list
    checker.values = scope.list.parameters.map { randomNumbers($0.count, UInt64($0.index + 2)) }
    checker.expect { inputs, p in
      let z = twinLinear(inputs[0], p[0], p[1])
      let once = twinLayerNorm(z.map { 2 * $0 }, p[2], p[3], epsilon: 1e-3)
      let sum = zip(twinLinear(once, p[0], p[1]), inputs[0]).map(+)
      return twinLayerNorm(sum, p[2], p[3], epsilon: 1e-3)
    }
  }
}
