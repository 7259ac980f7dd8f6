// SPDX-License-Identifier: Apache-2.0

import CSwiftletKernels
import SwiftletAutodiff
import SwiftletTensors
import TestSupport
import Testing

/// The gradients of parameters add up token by token in the order of the batch. So a batch taken in pieces, one after
/// the other into the same gradients, gives the same bits.
@Suite struct PieceGradientTests {
  /// A transformer block on embeddings, with every op of the encoder.
  private struct Block {
    static let features = 24, vocabulary = 11, longest = 20

    let parameters: ParameterList
    let words: Parameter
    let positions: Parameter
    let inputNorm: LayerNorm
    let projections: Linear
    let output: Linear
    let norm: LayerNorm

    init() {
      let scope = ParameterScope(), features = Block.features
      words = scope.table("words", rows: Block.vocabulary, columns: features)
      positions = scope.table("positions", rows: Block.longest, columns: features)
      inputNorm = scope.layerNorm("input", features: features, epsilon: 1e-12)
      projections = scope.linear("query", "key", "value", inputs: features, outputs: features)
      output = scope.linear("output", inputs: features, outputs: features)
      norm = scope.layerNorm("norm", features: features, epsilon: 1e-12)
      parameters = scope.list
    }

    func vectors(_ texts: ArraySlice<[Int32]>, in context: Context) -> Variable {
      let starts = texts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
      let x = context.dropped(
        context.layerNorm(
          context.embedding((words, texts.flatMap { $0 }), (positions, texts.flatMap { (0..<Int32($0.count)) })),
          inputNorm), probability: 0.2, op: 0, sequenceStarts: starts)
      let heads = context.attention(
        context.linear(x, projections), sequenceStarts: starts, headCount: 3, dropoutProbability: 0.1, op: 1)
      let y = context.layerNorm(context.linear(heads, output, activation: .gelu), residual: x, norm)
      return context.pooled(y, over: zip(starts, starts.dropFirst()).map { $0..<$1 }, [.mean, .max]).normalized()
    }
  }

  private static let block = Block()
  private static let texts: [[Int32]] = {
    var generator = SplitMix64(seed: 4)
    return [3, 17, 1, 20, 16, 2, 9].map { length in
      (0..<length).map { _ in Int32.random(in: 0..<Int32(Block.vocabulary), using: &generator) }
    }
  }()

  /// The gradients of all parameters, and the order in which rows of tables were met.
  private struct Outcome: Equatable {
    var parameters: [[UInt32]]
    var rows: [[Int32]?]
  }

  private func gradients(pieces: [Range<Int>], threads: Int, on kernels: Kernels) -> Outcome {
    let block = Self.block, texts = Self.texts
    let weights = TrainableWeights.random(block.parameters, kernels: kernels)
    let gradients = Gradients(weights.layout)
    ThreadPool(threadCount: threads).run(count: 1) { _, worker in
      worker.withTeam { worker in
        let read = weights.forModel(worker)
        for piece in pieces {
          let context = Context(
            weights: read, worker: worker, tape: Tape(),
            dropout: DropoutMasks(Philox(seed: 1), batch: 6, firstText: piece.lowerBound))
          let vectors = block.vectors(texts[piece], in: context)
          let width = 2 * Block.features, all = GradientChecker.weights(count: texts.count * width)
          let gradient = Tensor(
            Array(all[piece.lowerBound * width..<piece.upperBound * width]), shape: [piece.count, width])
          _ = context.backward(from: vectors, gradient, into: gradients)
        }
      }
    }
    return Outcome(
      parameters: block.parameters.parameters.map { bits(gradients.values(of: $0)) },
      rows: block.parameters.tables.map { gradients.table($0)?.rows })
  }

  @Test func anyPiecesGiveTheSameBits() {
    let whole = gradients(pieces: [0..<7], threads: 1, on: .best)
    #expect(whole.parameters.allSatisfy { $0.contains { Float(bitPattern: $0) != 0 } })
    for kernels in Kernels.available {
      for threads in [1, 3, 5] {
        for pieces in [[0..<7], [0..<3, 3..<7], [0..<1, 1..<6, 6..<7], (0..<7).map { $0..<$0 + 1 }] {
          let isSame = gradients(pieces: pieces, threads: threads, on: kernels) == whole
          #expect(isSame, "\(pieces) on \(kernels.path), \(threads) threads")
        }
      }
    }
  }

  /// Frozen parameters get no gradient and change no other gradient.
  @Test func frozenParametersGetNothing() {
    let block = Self.block
    let names = ["words.weight", "query.weight", "query.bias", "output.bias", "norm.weight"]
    func outcome(frozen: Set<Int>) -> GradientChecker.Outcome {
      var checker = GradientChecker { context, _ in block.vectors(Self.texts[...], in: context) }
      checker.parameters = block.parameters
      checker.values = block.parameters.parameters.map { randomNumbers($0.count, UInt64($0.index)) }
      checker.frozen = frozen
      return checker.expectSameBits()
    }
    let frozen = Set(block.parameters.parameters.filter { names.contains($0.name) }.map(\.index))
    let free = outcome(frozen: []), rest = outcome(frozen: frozen)
    for parameter in block.parameters.parameters where !frozen.contains(parameter.index) {
      #expect(rest.parameters[parameter.index] == free.parameters[parameter.index], "\(parameter.name)")
    }
    #expect(frozen.count == names.count && frozen.allSatisfy { rest.parameters[$0].isEmpty })
  }

  /// The memory of the gradients of a whole frozen layer is never written.
  @Test func gradientsOfFrozenLayersStayZero() {
    let block = Self.block
    let frozen = Set(block.parameters.parameters.filter { !$0.name.hasPrefix("norm") }.map(\.index))
    let weights = TrainableWeights.random(block.parameters, kernels: .best)
    let gradients = Gradients(weights.layout, frozen: frozen)
    ThreadPool(threadCount: 2).run(count: 1) { _, worker in
      let context = Context(weights: weights.forModel(worker), worker: worker, tape: Tape())
      let vectors = block.vectors(Self.texts[...], in: context)
      _ = context.backward(from: vectors, Tensor(zeros: vectors.tensor.shape).filled(1), into: gradients)
    }
    for parameter in block.parameters.parameters where !block.parameters.tables.contains(parameter) {
      #expect(
        gradients[parameter].values.contains { $0 != 0 } == !frozen.contains(parameter.index), "\(parameter.name)")
    }
    #expect(block.parameters.tables.allSatisfy { gradients.table($0) == nil })
  }

  /// Cleared gradients behave like new ones.
  @Test func clearedGradientsStartAgain() {
    let scope = ParameterScope()
    let table = scope.table("words", rows: 9, columns: 3), layer = scope.linear("dense", inputs: 3, outputs: 2)
    let weights = TrainableWeights.random(scope.list, kernels: .best)
    let gradients = Gradients(weights.layout)
    func add(_ indices: [Int32]) -> [[Float]] {
      ThreadPool(threadCount: 1).run(count: 1) { _, worker in
        let context = Context(weights: weights.forModel(worker), worker: worker, tape: Tape())
        let y = context.linear(context.embedding((table, indices)), layer)
        _ = context.backward(from: y, Tensor(zeros: y.tensor.shape).filled(0.5), into: gradients)
      }
      return scope.list.parameters.map(gradients.values)
    }
    let first = add([8, 1, 8])
    let sum = add([2, 8])
    #expect(gradients.table(table)?.rows == [8, 1, 2] && sum != first)
    gradients.clear()
    #expect(gradients.table(table)?.rows == [])
    #expect(add([8, 1, 8]) == first)
  }
}

extension Tensor {
  fileprivate func filled(_ value: Float) -> Tensor { Tensor(values.map { _ in value }, shape: shape) }
}
