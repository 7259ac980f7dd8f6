// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletWeights
import TestSupport
import Testing

@testable import SwiftletAutodiff
@testable import SwiftletTraining

/// The classifier that is trained with an encoder, here alone: vectors are its only input.
@Suite struct LinearClassifierTests {
  /// 10 steps against PyTorch's: Scripts/make_optimizer_goldens.py.
  @Test func trainsAsPyTorchDoes() throws {
    let golden = try SafetensorsFile(path: fixture("optimizer/classifier.safetensors"))
    let trained = Layer(), parameters = trained.weights.layout.list.parameters
    for parameter in parameters {
      let initial = try golden.numbers("\(parameter.shortName).initial").map { Float($0) }
      trained.weights[parameter].copy(from: initial)
    }
    var settings = AdamWSettings()
    settings.learningRate = 3e-3
    settings.weightDecay = 0.1
    let optimizer = try AdamW(settings, for: trained.weights.layout)
    let vectors = try golden.numbers("vectors"), labels = try golden.numbers("labels").map { Int($0) }
    for step in 0..<10 {
      let batch = vectors[step * 9 * 19..<(step + 1) * 9 * 19].map { Float($0) }
      let outcome = trained.evaluate(Tensor(batch, shape: [9, 19]), Array(labels[step * 9..<(step + 1) * 9]))
      func expect(_ values: [Float], _ name: String) throws {
        let expected = try golden.numbers(name)[step * values.count..<(step + 1) * values.count]
        #expect(
          distance(values.map(Double.init), Array(expected)) <= 2e-6 * norm(Array(expected)), "\(name), step \(step)")
      }
      try expect([outcome.loss], "losses")
      try expect([Float(outcome.gradientNorm)], "norms")
      try expect(outcome.gradient.values, "vectors.gradients")
      for parameter in parameters {
        try expect(trained.gradients[parameter].values, "\(parameter.shortName).gradients")
      }
      trained.step(optimizer, norm: outcome.gradientNorm)
    }
    for parameter in parameters {
      let expected = try golden.numbers("\(parameter.shortName).expected")
      #expect(distance(trained.weights.numbers(of: parameter), expected) <= 1e-6 * norm(expected), "\(parameter.name)")
    }
  }

  @Test func startsUniformByTheSeed() {
    let bound = 1 / Float(19).squareRoot()
    func numbers(_ seed: UInt64) -> [Float] {
      let weights = Layer(seed: seed).weights
      return weights.layout.list.parameters.flatMap { weights[$0].values }
    }
    let first = numbers(0)
    #expect(first.count == 5 * 19 + 5 && Set(first).count == first.count)
    #expect(first.allSatisfy { -bound <= $0 && $0 < bound })
    #expect(first.max()! > 0.9 * bound && first.min()! < -0.9 * bound)
    #expect(numbers(0) == first && numbers(1) != first)
  }

  /// Earlier parameters keep their indices, numbers and table.
  @Test func comesBehindTheOtherParameters() throws {
    let scope = ParameterScope(), table = scope.table("words", rows: 3, columns: 2)
    _ = scope.linear("dense", inputs: 4, outputs: 3)
    _ = scope.layerNorm("norm", features: 3, epsilon: 1e-12)
    let layout = ParameterLayout(scope.list), dense = TensorBuffer(count: layout.count)
    VectorView(dense).copy(from: (0..<layout.count).map { Float($0) })
    let words = EmbeddingTable(StoredTable(float32: Tensor(zeros: [3, 2]).matrix))
    let weights = TrainableWeights(layout, dense: dense, tables: [table.index: words], kernels: .best)
    var extended = weights
    _ = LinearClassifier(features: 2, classes: 7, seed: 0, in: &extended)
    let before = layout.list.parameters, after = extended.layout.list.parameters
    #expect(Array(after.prefix(before.count)) == before)
    #expect(after.dropFirst(before.count).map(\.name) == ["classifier.weight", "classifier.bias"])
    for parameter in before where parameter != table {
      #expect(extended[parameter].values == weights[parameter].values, "\(parameter.name)")
    }
    #expect(extended.tables[table.index] === words)
  }
}

/// A classifier without an encoder, of 19 features and 5 classes.
private final class Layer {
  let weights: TrainableWeights
  let gradients: Gradients
  private let classifier: LinearClassifier
  private let pool = ThreadPool(threadCount: 2)

  init(seed: UInt64 = 0) {
    let layout = ParameterLayout(ParameterList())
    var weights = TrainableWeights(layout, dense: TensorBuffer(count: 0), tables: [:], kernels: .best)
    classifier = LinearClassifier(features: 19, classes: 5, seed: seed, in: &weights)
    self.weights = weights
    gradients = Gradients(weights.layout)
  }

  func evaluate(_ vectors: Tensor, _ labels: [Int]) -> (loss: Float, gradient: Tensor, gradientNorm: Double) {
    gradients.clear()
    nonisolated(unsafe) var evaluation: LossEvaluation?
    nonisolated(unsafe) var gradientNorm = 0.0
    pool.run(count: 1) { [self] _, worker in
      worker.withTeam { worker in
        let context = Context(weights: weights.forModel(worker), worker: worker, tape: Tape())
        evaluation = LossEvaluation(at: [vectors], in: context, into: gradients) {
          SoftmaxCrossEntropyLoss()(ClassBatch(logits: classifier($0[0]), labels: labels))
        }
        gradientNorm = gradients.norm(kernels: weights.kernels, worker: worker)
      }
    }
    return (evaluation!.value, evaluation!.gradients[0], gradientNorm)
  }

  func step(_ optimizer: AdamW, norm: Double) {
    pool.run(count: 1) { [self] _, worker in
      worker.withTeam { optimizer.step(weights, gradients, norm: norm, rateFactor: 1, worker: $0) }
    }
  }
}

extension Parameter {
  /// As `weight`.
  fileprivate var shortName: String { String(name.split(separator: ".").last!) }
}
