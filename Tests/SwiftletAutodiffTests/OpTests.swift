// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import TestSupport
import Testing

/// Each op against its definition, alone and shared by a team of threads.
@Suite struct OpTests {
  private func tensor(_ shape: [Int], seed: UInt64) -> Tensor {
    var generator = SplitMix64(seed: seed)
    let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &generator) }
    return Tensor(values, shape: shape)
  }

  /// The result of an op without a tape, after checking that a tape, more threads and every path of the CPU give
  /// the same bits.
  private func run(
    _ entries: @escaping (Kernels) -> [Weights.Entry], _ op: @escaping (Context) -> Variable
  ) -> Tensor {
    func once(_ kernels: Kernels, threads: Int, tape: Tape?) -> Tensor {
      let weights = Weights(entries(kernels), kernels: kernels)
      nonisolated(unsafe) var result = Tensor(zeros: [0])
      ThreadPool(threadCount: threads).run(count: 1) { _, worker in
        worker.withTeam { result = op(Context(weights: weights, worker: $0, tape: tape)).tensor }
      }
      return Tensor(result.values, shape: result.shape)
    }
    let result = once(.best, threads: 1, tape: nil)
    for kernels in Kernels.available {
      for threads in [1, 3] {
        let tape = Tape()
        for other in [once(kernels, threads: threads, tape: nil), once(kernels, threads: threads, tape: tape)] {
          #expect(other.values.map(\.bitPattern) == result.values.map(\.bitPattern), "\(kernels.path) \(threads)")
        }
        #expect(tape.count == 1)
      }
    }
    return result
  }

  private func expectClose(_ result: Tensor, _ expected: [Double], _ tolerance: Double) {
    #expect(result.count == expected.count)
    for (index, (value, truth)) in zip(result.values, expected).enumerated() {
      #expect(abs(Double(value) - truth) <= tolerance, "element \(index): \(value), not \(truth)")
    }
  }

  @Test(arguments: [Activation.identity, .relu]) func linearOfSeveralParts(activation: Activation) {
    let scope = ParameterScope()
    let layer = scope["attention"].linear("query", "key", inputs: 19, outputs: 35)
    #expect(
      scope.list.parameters.map(\.name)
        == ["query.weight", "query.bias", "key.weight", "key.bias"].map { "attention." + $0 })
    let x = tensor([13, 19], seed: 1), w = tensor([70, 19], seed: 2), b = tensor([70], seed: 3)
    let y = run({ kernels in
      let matrix = PackedMatrix(inputs: 19, outputs: 70, kernels: kernels, workspace: Workspace()) {
        $1.copy(from: w.matrix.rows($0))
      }
      return [.linear(matrix, bias: b), .partOfLinear, .partOfLinear, .partOfLinear]
    }) { $0.linear(Variable(x), layer, activation: activation) }
    var expected: [Double] = []
    for i in 0..<13 {
      for j in 0..<70 {
        let sum = (0..<19).reduce(Double(b[j])) { $0 + Double(x[i, $1]) * Double(w[j, $1]) }
        expected.append(activation == .relu ? max(sum, 0) : sum)
      }
    }
    expectClose(y, expected, 1e-5)
  }

  /// The bits of one map after the other, also where the first writes what the second reads.
  @Test(arguments: Precision.allCases, [64, 70, 96]) func feedForward(precision: Precision, inner: Int) {
    let scope = ParameterScope()
    let first = scope.linear("first", inputs: 24, outputs: inner)
    let second = scope.linear("second", inputs: inner, outputs: 35)
    let x = tensor([150, 24], seed: 1)
    func entries(_ kernels: Kernels) -> [Weights.Entry] {
      [first, second].flatMap { layer -> [Weights.Entry] in
        let w = tensor([layer.outputs, layer.inputs], seed: 2), format = WeightFormat(precision, areHalves: false)
        let matrix = PackedMatrix(
          inputs: layer.inputs, outputs: layer.outputs, format: format, kernels: kernels, workspace: Workspace()
        ) { $1.copy(from: w.matrix.rows($0)) }
        return [.linear(matrix, bias: tensor([layer.outputs], seed: 3)), .partOfLinear]
      }
    }
    for kernels in Kernels.available {
      let weights = Weights(entries(kernels), precision: precision, kernels: kernels)
      for threads in [1, 3] {
        ThreadPool(threadCount: threads).run(count: 1) { _, worker in
          worker.withTeam { worker in
            let context = Context(weights: weights, worker: worker)
            let between = context.linear(Variable(x), first, activation: .gelu)
            let expected = context.linear(between, second).tensor.values
            let result = context.feedForward(Variable(x), first, .gelu, second).tensor.values
            #expect(result.map(\.bitPattern) == expected.map(\.bitPattern), "\(kernels.path) \(threads)")
          }
        }
      }
    }
  }

  /// softmax(Q K^T / √d) V in double, with sequences of one token, of one tile and of several blocks of scores.
  @Test(arguments: [(12, 3), (16, 1), (64, 2)]) func attention(hidden: Int, heads: Int) {
    let starts = [0, 1, 9, 26, 326], tokens = 326, size = hidden / heads
    let x = tensor([tokens, 3 * hidden], seed: 4)
    let y = run({ _ in [] }) { $0.attention(Variable(x), sequenceStarts: starts, headCount: heads) }
    var expected = [Double](repeating: 0, count: tokens * hidden)
    let values = x.values.map(Double.init)
    for (start, end) in zip(starts, starts.dropFirst()) {
      for head in 0..<heads {
        // A few rows of each sequence.
        for i in Set([start, (start + end) / 2, end - 1]) {
          func at(_ token: Int, _ part: Int, _ d: Int) -> Double {
            values[token * 3 * hidden + part * hidden + head * size + d]
          }
          let scores = (start..<end).map { j in
            (0..<size).reduce(0) { $0 + at(i, 0, $1) * at(j, 1, $1) } / Double(size).squareRoot()
          }
          let weights = scores.map { powerOfE($0 - scores.max()!) }
          let total = weights.reduce(0, +)
          for d in 0..<size {
            expected[i * hidden + head * size + d] =
              zip(start..<end, weights).reduce(0) { $0 + at($1.0, 2, d) * $1.1 } / total
          }
        }
      }
      for i in start..<end where ![start, (start + end) / 2, end - 1].contains(i) {
        for d in 0..<hidden { expected[i * hidden + d] = Double(y[i, d]) }
      }
    }
    expectClose(y, expected, 2e-6)
  }

  private func powerOfE(_ x: Double) -> Double {
    var sum = 1.0, term = 1.0
    for i in 1...20 {
      term *= x / 64 / Double(i)
      sum += term
    }
    for _ in 0..<6 { sum *= sum }
    return sum
  }

  @Test func layerNormOfASum() {
    let scope = ParameterScope()
    let norm = scope.layerNorm("LayerNorm", features: 21, epsilon: 1e-12)
    let x = tensor([5, 21], seed: 5), residual = tensor([5, 21], seed: 6)
    let gamma = tensor([21], seed: 7), beta = tensor([21], seed: 8)
    let y = run({ _ in [.vector(gamma), .vector(beta)] }) {
      $0.layerNorm(Variable(x), residual: Variable(residual), norm)
    }
    var expected: [Double] = []
    for row in 0..<5 {
      let z = (0..<21).map { Double(x[row, $0]) + Double(residual[row, $0]) }
      let mean = z.reduce(0, +) / 21
      let deviation = (z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 21).squareRoot()
      expected += (0..<21).map { (z[$0] - mean) / deviation * Double(gamma[$0]) + Double(beta[$0]) }
    }
    expectClose(y, expected, 2e-6)
  }

  @Test func embeddingSumsRows() {
    let scope = ParameterScope()
    let words = scope.table("words", rows: 7, columns: 5), types = scope.table("types", rows: 2, columns: 5)
    let wordRows = tensor([7, 5], seed: 9), typeRows = tensor([2, 5], seed: 10)
    func table(_ tensor: Tensor) -> Weights.Entry {
      .table(
        EmbeddingTable(StoredTable(float32: tensor.matrix)))
    }
    let ids: [Int32] = [6, 0, 3], typeIDs: [Int32] = [0, 1, 1]
    let y = run({ _ in [table(wordRows), table(typeRows)] }) { $0.embedding((words, ids), (types, typeIDs)) }
    for (token, (id, type)) in zip(ids, typeIDs).enumerated() {
      for j in 0..<5 { #expect(y[token, j] == wordRows[Int(id), j] + typeRows[Int(type), j]) }
    }
  }

  @Test func poolingByEachReduction() {
    let x = tensor([6, 3], seed: 11)
    let reductions: [Reduction] = [.first, .last, .max, .mean, .meanSqrtLength, .weightedMean]
    let y = run({ _ in [] }) { $0.pooled(Variable(x), over: [0..<1, 2..<6], reductions) }
    #expect(y.shape == [2, 18])
    for (row, range) in [0..<1, 2..<6].enumerated() {
      for j in 0..<3 {
        let column = range.map { Double(x[$0, j]) }, n = Double(column.count)
        let weighted = zip(1..., column).reduce(0) { $0 + Double($1.0) * $1.1 }
        let expected = [
          column[0], column[column.count - 1], column.max() ?? 0, column.reduce(0, +) / n,
          column.reduce(0, +) / n.squareRoot(), weighted / (n * (n + 1) / 2),
        ]
        for (order, truth) in expected.enumerated() {
          #expect(abs(Double(y[row, order * 3 + j]) - truth) <= 1e-6, "\(reductions[order])")
        }
      }
    }
  }

  /// Skipped tokens still count for the weights, as sentence-transformers does with prompts.
  @Test func poolingWithoutThePrompt() {
    let x = tensor([7, 3], seed: 13)
    let reductions: [Reduction] = [.first, .mean, .weightedMean]
    let y = run({ _ in [] }) { $0.pooled(Variable(x), over: [0..<5, 5..<7], skipping: [2, 2], reductions) }
    for j in 0..<3 {
      let column = (2..<5).map { Double(x[$0, j]) }
      #expect(y[0, j] == x[2, j] && abs(Double(y[0, 3 + j]) - column.reduce(0, +) / 3) <= 1e-6)
      let weighted = zip(3..., column).reduce(0) { $0 + Double($1.0) * $1.1 } / 12
      #expect(abs(Double(y[0, 6 + j]) - weighted) <= 1e-6)
      for reduction in 0..<3 { #expect(abs(y[1, reduction * 3 + j] - x[6, j]) <= 1e-6) }
    }
  }

  @Test func normalization() {
    var values = tensor([2, 20], seed: 12).values
    for j in 20..<40 { values[j] = 0 }
    let x = Tensor(values, shape: [2, 20])
    let y = run({ _ in [] }) { $0.constant(x).normalized() }
    let length = values[..<20].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    expectClose(y, values.enumerated().map { $0.offset < 20 ? Double($0.element) / length : 0 }, 1e-7)
  }
}
