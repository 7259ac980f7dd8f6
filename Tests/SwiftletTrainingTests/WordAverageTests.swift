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

/// The word average against PyTorch in float64 (Scripts/make_training_goldens.py), and whole runs that start anew with
/// the vocabulary of a small BERT.
@Suite struct WordAverageTests {
  private let folder = fixture("word-average/model")
  private let bert = fixture("batch-hard/model")
  private let golden: SafetensorsFile
  /// The golden's texts; the last has no words.
  private let texts: [String]
  private let labels: [Int]

  init() throws {
    golden = try SafetensorsFile(path: fixture("word-average/golden.safetensors"))
    let data = try TrainerTests.texts()
    texts = data.texts + [""]
    labels = data.labels + [try #require(data.labels.last)]
  }

  // MARK: The reference

  @Test func vectorsEqualTheReferences() throws {
    let encoder = try SentenceEncoder(folder: folder), vectors = try encoder.encode(texts)
    #expect(encoder.configuration.architecture == "word-average" && encoder.configuration.layerCount == 0)
    #expect(!encoder.warnings.contains { $0.contains("modules.json") })
    #expect(encoder.dimension == 12 && encoder.pooling == [.mean] && !encoder.normalizes)
    let expected = try golden.numbers("vectors")
    #expect(relativeDistance(vectors.tensor.values, expected) <= 1e-6)
    for (index, text) in texts.enumerated() { #expect(try encoder.encode([text])[0] == vectors[index]) }
    let unit = try SentenceEncoder(folder: folder, settings: EncoderSettings(normalize: true)).encode(texts)
    for index in texts.indices {
      let row = expected[index * 12..<(index + 1) * 12], length = norm(Array(row))
      #expect(relativeDistance(unit[index], row.map { $0 / length }) <= 1e-6)
    }
  }

  private struct Outcome: Equatable {
    var loss: Float
    var gradients: [String: [Float]]
  }

  private func outcome(kernels: Kernels = .best, threads: Int = 1, pieceSize: Int = 64) throws -> Outcome {
    let encoder = try EncoderPipeline(ModelFolder(path: folder), settings: EncoderSettings())
    let weights = try encoder.trainableWeights(kernels: kernels)
    let batch = try encoder.tokens(of: texts.map { EncoderInput($0) }, maxLength: nil)
    let gradients = Gradients(weights.layout)
    let loss = BatchHardTripletLoss(distance: .euclidean, margin: 0.1)
    nonisolated(unsafe) var evaluation: LossEvaluation?
    ThreadPool(threadCount: threads).run(count: 1) { [labels] _, worker in
      worker.withTeam { worker in
        let pass = BatchGradient(
          encoder: encoder, weights: weights.forModel(worker), skippedTokens: 0, pieceSize: pieceSize,
          dropout: Philox(seed: 0), batchNumber: 0)
        evaluation = pass.add(
          batch, loss: { loss(LabeledBatch(vectors: $0, labels: labels)) }, share: 1, to: gradients, worker)
      }
    }
    let all = weights.layout.list.parameters.map { ($0.name, gradients.values(of: $0)) }
    return Outcome(loss: try #require(evaluation).value, gradients: Dictionary(uniqueKeysWithValues: all))
  }

  @Test func gradientsEqualTheReferences() throws {
    let outcome = try outcome()
    #expect(relativeDistance([outcome.loss], try golden.numbers("loss")) <= 1e-5)
    #expect(Set(outcome.gradients.keys) == ["embedding.weight", "linear.weight", "linear.bias"])
    for (name, gradient) in outcome.gradients {
      let distance = relativeDistance(gradient, try golden.numbers("gradient.\(name)"))
      #expect(distance <= 1e-5, "\(name) is off by \(distance)")
    }
  }

  @Test func piecesThreadsAndPathsChangeNoBitOfAGradient() throws {
    let whole = try outcome()
    for kernels in Kernels.available {
      for (threads, pieceSize) in [(1, 18), (3, 18), (1, 1), (5, 7)] {
        let isSame = try outcome(kernels: kernels, threads: threads, pieceSize: pieceSize) == whole
        #expect(isSame, "\(kernels.path), \(threads) threads, pieces of \(pieceSize)")
      }
    }
  }

  /// Unlike in a transformer.
  @Test func theOrderOfWordsCountsForNothing() throws {
    let encoder = try SentenceEncoder(folder: folder)
    let vectors = try encoder.encode(["the cat", "cat the", "the the cat cat"])
    for index in 1...2 { #expect(zip(vectors[0], vectors[index]).allSatisfy { abs($0 - $1) < 1e-6 }) }
  }

  @Test func whatNeedsATransformerIsAnError() throws {
    let encoder = try SentenceEncoder(folder: folder)
    #expect(throws: EncoderSettingsError.noTransformer(for: "hidden states")) { try encoder.hiddenStates("a") }
    #expect(throws: EncoderSettingsError.noTransformer(for: "token embeddings")) { try encoder.tokenEmbeddings(["a"]) }
    #expect(throws: EncoderSettingsError.noTransformer(for: "pooling modes")) {
      try SentenceEncoder(folder: folder, settings: EncoderSettings(pooling: [.mean, .max]))
    }
    for model in [folder, bert] {
      var settings = settings
      settings.pooling = [.cls]
      #expect(throws: EncoderSettingsError.noTransformer(for: "pooling modes")) { try trainer(settings, model: model) }
      settings.pooling = nil
      settings.dropout = 0.1
      #expect(throws: EncoderSettingsError.noTransformer(for: "dropout")) { try trainer(settings, model: model) }
    }
    var settings = settings
    settings.encoder = .bert
    #expect(throws: FineTuningError.self) { try trainer(settings, model: folder) }
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
    #expect(trainer.configuration.architecture == "word-average" && trainer.dimension == 32)
    try await trainer.run(output: path)
    #expect(
      try scratch.names(in: "tuned") == [
        "config.json", "model.safetensors", "sentence_bert_config.json", "tokenizer_config.json", "vocab.txt",
      ])
    let encoder = try SentenceEncoder(folder: path)
    #expect(encoder.configuration == trainer.configuration && encoder.normalizes && encoder.unusedTensors == [])
    #expect(encoder.maxLength == trainer.maxLength)
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
    #expect(error.map { "\($0)" }?.contains("encoder was word-average, is bert") == true)
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
