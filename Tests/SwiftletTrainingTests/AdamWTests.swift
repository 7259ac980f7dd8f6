// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletWeights
import TestSupport
import Testing

@testable import SwiftletAutodiff
@testable import SwiftletTraining

struct AdamWTests {
  @Test func stepsAsPyTorchDoes() throws {
    let run = try GoldenRun(path: "scalar", threadCount: 1)
    let norms = try run.takeAllSteps()
    for (norm, expected) in zip(norms, try run.golden("norms")) {
      #expect(abs(norm - Double(expected)) <= 1e-6 * Double(expected))
    }
    for parameter in run.parameters {
      let weights = run.weights(of: parameter), expected = try run.golden("\(parameter.name).expected")
      #expect(weights.count == expected.count)
      for (weight, expected) in zip(weights, expected) {
        #expect(abs(weight - expected) <= 1e-7 + 1e-6 * abs(expected), "\(parameter.name)")
      }
    }
  }

  @Test func rowsThatNoBatchContainedAreOnlyDecayed() throws {
    let run = try GoldenRun(path: "scalar", threadCount: 1)
    _ = try run.takeAllSteps()
    let touched = Set(try run.batches().joined())
    #expect(Set(run.table.touchedRows) == touched)
    #expect(!touched.contains(23))
    #expect(run.table.decay < 1)
  }

  @Test func threadsAndPathsChangeNoBit() throws {
    let first = try GoldenRun(path: "scalar", threadCount: 1)
    let norms = try first.takeAllSteps()
    for kernels in Kernels.available {
      for threadCount in 1...8 {
        let run = try GoldenRun(path: kernels.path, threadCount: threadCount)
        #expect(try run.takeAllSteps() == norms)
        for parameter in run.parameters { #expect(run.weights(of: parameter) == first.weights(of: parameter)) }
      }
    }
  }

  @Test func goesOnFromItsMoments() throws {
    let whole = try GoldenRun(path: "scalar", threadCount: 1), resumed = try GoldenRun(path: "scalar", threadCount: 1)
    _ = try whole.takeAllSteps()
    _ = try resumed.takeSteps(0..<7)
    try resumed.replaceOptimizer()
    _ = try resumed.takeSteps(7..<20)
    for parameter in whole.parameters { #expect(resumed.weights(of: parameter) == whole.weights(of: parameter)) }
  }

  @Test func frozenParametersStay() throws {
    let run = try GoldenRun(path: "scalar", threadCount: 1, frozen: ["*embeddings*", "*.1.*"])
    let before = run.parameters.map(run.weights)
    _ = try run.takeAllSteps()
    for (parameter, weights) in zip(run.parameters, before) {
      #expect((run.weights(of: parameter) == weights) == !parameter.name.contains("layer.0"))
    }
    #expect(run.table.decay == 1)
    #expect(run.table.touchedRows.isEmpty)
  }
}

/// The golden's parameters, fed its gradients step by step.
private final class GoldenRun {
  let parameters: [Parameter]
  let table: EmbeddingTable
  private let file: SafetensorsFile
  private let trained: TrainableWeights
  private let gradients: Gradients
  private var optimizer: AdamW
  private let pool: ThreadPool
  private let kernels: Kernels
  private static let schedule = LearningRateSchedule(.cosine, stepCount: 20, warmupRatio: 0.1)

  init(path: String, threadCount: Int, frozen: [String] = []) throws {
    let file = try SafetensorsFile(path: fixture("optimizer/adamw.safetensors"))
    let scope = ParameterScope()
    let words = scope["embeddings"].table("word_embeddings", rows: 24, columns: 17)
    _ = scope["embeddings"].layerNorm("LayerNorm", features: 17, epsilon: 1e-12)
    _ = scope["encoder.layer.0"].linear("dense", inputs: 19, outputs: 5)
    _ = scope["encoder.layer.1"].linear("dense", inputs: 33, outputs: 3)
    let layout = ParameterLayout(scope.list)
    // The golden has no bias for the last map.
    let parameters = scope.list.parameters.filter { file["\($0.name).initial"] != nil }

    kernels = try #require(Kernels(path: path))
    pool = ThreadPool(threadCount: threadCount)
    var settings = AdamWSettings()
    settings.learningRate = 3e-3
    settings.weightDecay = 0.1
    settings.groups = [AdamWSettings.ParameterGroup("*layer.1*", learningRate: 3e-3 / 4, weightDecay: 0.5)]
    settings.frozen = frozen + ["encoder.layer.1.dense.bias"]
    optimizer = try AdamW(settings, for: layout)
    gradients = Gradients(layout, frozen: optimizer.frozen)

    let stored = try StoredTable(rows: 24, columns: 17, format: .float32) {
      try #require(file["\(words.name).initial"]).read(into: &$0)
    }
    table = EmbeddingTable(stored)
    trained = TrainableWeights(
      layout, dense: TensorBuffer(count: layout.count), tables: [words.index: table], kernels: kernels)
    for parameter in parameters where parameter != words {
      let initial = try #require(file["\(parameter.name).initial"])
      try trained[parameter].withMutableBytes { try initial.read(into: &$0) }
    }
    self.file = file
    self.parameters = parameters
  }

  func golden(_ name: String) throws -> [Float] { try file.elements(of: file.tensor(name)) }

  /// The rows of the table that each step's batch contains.
  func batches() throws -> [[Int32]] {
    let rows = try file.elements(of: file.tensor("batches"), as: Int32.self)
    return stride(from: 0, to: rows.count, by: 4).map { Array(rows[$0..<$0 + 4]) }
  }

  func takeAllSteps() throws -> [Double] { try takeSteps(0..<20) }

  /// The length of each step's gradients.
  func takeSteps(_ steps: Range<Int>) throws -> [Double] {
    let all = try Dictionary(
      uniqueKeysWithValues: parameters.map { ($0, try golden("\($0.name).gradients")) })
    let batches = try batches()
    return steps.map { step in
      gradients.clear()
      for parameter in parameters where gradients.wants(parameter) {
        let gradient = all[parameter]![step * parameter.count..<(step + 1) * parameter.count]
        if let rows = gradients.table(parameter) {
          // In another order, as texts bring them.
          let batch = Array(batches[step].reversed())
          for (row, place) in zip(batch, rows.places(for: batch)) {
            let start = gradient.startIndex + Int(row) * 17
            rows.values.row(Int(place)).copy(from: Array(gradient[start..<start + 17]))
          }
        } else {
          gradients[parameter].copy(from: Array(gradient))
        }
      }
      var norm = 0.0
      pool.run(count: 1) { [self] _, worker in
        worker.withTeam { worker in
          norm = gradients.norm(kernels: kernels, worker: worker)
          optimizer.step(
            trained, gradients, norm: norm, rateFactor: GoldenRun.schedule.factor(atStep: step), worker: worker)
        }
      }
      return norm
    }
  }

  /// Replaces the optimizer by a new one with its settings, step count and moments.
  func replaceOptimizer() throws {
    let old = optimizer
    optimizer = try AdamW(old.settings, for: trained.layout, stepCount: old.stepCount)
    for (new, old) in [(optimizer.firstMoments, old.firstMoments), (optimizer.secondMoments, old.secondMoments)] {
      VectorView(new).copy(from: VectorView(old))
    }
  }

  /// A parameter as the model reads it.
  func weights(of parameter: Parameter) -> [Float] {
    guard trained.tables[parameter.index] != nil else { return trained[parameter].values }
    let rows = Tensor(uninitialized: parameter.shape)
    Array(Int32(0)..<Int32(parameter.shape[0])).withSpan {
      table.gather($0, adding: false, into: rows.matrix, kernels: kernels)
    }
    return rows.values
  }
}
