// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletTokenizers
import SwiftletWeights
import TestSupport
import Testing

@testable import SwiftletTraining

/// Runs that start anew with the vocabulary of a small BERT. What a word average computes is in StaticEmbeddingTests and
/// ModelGradientTests.
@Suite struct WordAverageTests {
  private let bert = fixture("batch-hard/model")
  private let embeddings = fixture("architectures/static-embedding/model")

  @Test func whatNeedsATransformerIsAnError() throws {
    for model in [embeddings, bert] {
      var settings = settings
      settings.pooling = [.cls]
      #expect(throws: EncoderSettingsError.noTransformer(for: "pooling modes")) { try trainer(settings, model: model) }
      settings.pooling = nil
      settings.dropout = 0.1
      #expect(throws: EncoderSettingsError.noTransformer(for: "dropout")) { try trainer(settings, model: model) }
    }
    var settings = settings
    settings.encoder = .bert
    #expect(throws: FineTuningError.self) { try trainer(settings, model: embeddings) }
  }

  // MARK: Runs

  private var settings: RunSettings {
    var settings = TrainerTests.settings
    settings.encoder = .wordAverage
    settings.optimizer.learningRate = 1e-2
    return settings
  }

  private func trainer(
    _ settings: RunSettings, model: String? = nil, evaluation: Dataset? = nil
  ) throws -> Trainer {
    try settings.trainer(
      model: model ?? bert, data: .labeledTexts(TrainerTests.texts()), evaluation: evaluation)
  }

  private func weights(_ folder: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/model.safetensors"))
  }

  @Test func aTunedOneIsSavedAndLoaded() async throws {
    let scratch = try TemporaryFolder(), path = scratch.path("tuned")
    var settings = settings
    settings.normalize = true
    let trainer = try trainer(settings)
    #expect(trainer.configuration.architecture == "static-embedding" && trainer.dimension == 32)
    try await trainer.run(output: path)
    #expect(
      try scratch.names(in: "tuned") == [
        "1_Dense", "2_Normalize", "model.safetensors", "modules.json", "tokenizer.json", "tokenizer_config.json",
        "vocab.txt",
      ])
    let encoder = try SentenceEncoder(folder: path)
    #expect(encoder.configuration == trainer.configuration && encoder.normalizes && encoder.unusedTensors == [])
    #expect(encoder.maxLength == trainer.maxLength && encoder.maxLength == 1 << 20)
    let texts = try TrainerTests.texts().texts + [""]
    let tuned = try await trainer.tunedEncoder().encode(texts).tensor.values
    #expect(try await encoder.encode(texts).tensor.values.map(\.bitPattern) == tuned.map(\.bitPattern))
    #expect(tuned.contains { $0 > 0 } && tuned.allSatisfy { $0 >= 0 })

    // The folder is tuned further, not started anew.
    settings.encoder = nil
    settings.optimizer.learningRate = 1e-20
    let further = try self.trainer(settings, model: path)
    try await further.run(output: scratch.path("further"))
    let values = try await SentenceEncoder(folder: scratch.path("further")).encode(texts).tensor.values
    #expect(relativeDistance(values, tuned.map(Double.init)) <= 1e-6)
  }

  @Test func aRunTeaches() async throws {
    var settings = settings
    settings.length = .steps(60)
    let result = try await trainer(settings, evaluation: .labeledTexts(TrainerTests.texts())).run()
    let (before, after) = (try #require(result.baseline).main.value, try #require(result.best).evaluation.main.value)
    #expect(after > before + 0.2, "\(before), \(after)")
  }

  @Test func stoppedAndResumedRunsEndWithTheSameBytes() async throws {
    let scratch = try TemporaryFolder(), whole = scratch.path("whole")
    var settings = settings
    settings.accumulation = 2
    try await trainer(settings).run(output: whole)
    for (stopAfter, threads, pieceSize) in [(0, 1, 1), (3, 3, 64), (7, 5, 4)] {
      let path = scratch.path("stopped-\(stopAfter)")
      try await runCancelled(trainer(settings), output: path, afterStep: stopAfter)
      settings.threadCount = threads
      settings.pieceSize = pieceSize
      #expect(try await trainer(settings).run(output: path, resumes: true).end == .completed)
      #expect(try weights(path) == weights(whole), "stopped after \(stopAfter)")
    }
  }

  @Test func resumeOfAnotherKindNamesIt() async throws {
    let scratch = try TemporaryFolder(), path = scratch.path("run")
    try await runCancelled(trainer(settings), output: path)
    let other = try trainer(TrainerTests.settings)
    let error = await #expect(throws: FineTuningError.self) { try await other.run(output: path, resumes: true) }
    #expect(error.map { "\($0)" }?.contains("encoder was static-embedding, is bert") == true)
  }

  @Test func everyMiningAndLossGoesWithIt() async throws {
    var settings = settings
    settings.length = .steps(2)
    for (loss, mining) in [
      (MultipleNegativesRankingLoss.self, .offline(Mining.OfflineSettings())), (CoSENTLoss.self, .random),
      (TripletLoss.self, .inBatch),
    ] as [(any NamedLoss.Type, Mining)] {
      settings.loss = loss
      settings.mining = mining
      settings.margin = loss == TripletLoss.self ? 1 : nil
      settings.matryoshkaDimensions = [32, 8]
      #expect(try await trainer(settings).run().skippedSteps == 0)
    }
  }

  // MARK: Where it begins

  private func initialWeights(seed: UInt64, threads: Int = 1) throws -> (table: [Double], linear: [Double]) {
    var settings = settings
    settings.seed = seed
    settings.threadCount = threads
    let weights = try trainer(settings).state.withLock { $0.weights }, parameters = weights.layout.list.parameters
    return (weights.numbers(of: parameters[0]), parameters[1...].flatMap { weights.numbers(of: $0) })
  }

  @Test func weightsFollowFromTheSeed() throws {
    let first = try initialWeights(seed: 3), again = try initialWeights(seed: 3, threads: 3)
    #expect(first == again)
    #expect(try initialWeights(seed: 4).table != first.table)
  }

  /// Allows six standard errors of the mean and the variance of the table; the linear map's weights are uniform.
  @Test func weightsBeginAsPyTorchs() throws {
    let (table, linear) = try initialWeights(seed: 0), count = Double(table.count)
    let mean = table.reduce(0, +) / count, variance = table.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    #expect(abs(mean) < 6 / count.squareRoot() && abs(variance - 1) < 6 * (2 / count).squareRoot())
    let bound = 1 / 32.0.squareRoot(), inside = linear.count { abs($0) < bound / 2 }
    #expect(linear.allSatisfy { abs($0) <= bound } && Set(linear).count > linear.count * 9 / 10)
    #expect(abs(Double(inside) - Double(linear.count) / 2) < 3 * Double(linear.count).squareRoot())
  }
}
