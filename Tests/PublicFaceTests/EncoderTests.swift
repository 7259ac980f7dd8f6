// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import Testing

/// A model as a user's app loads, describes and tunes it.
struct EncoderTests {
  private static func repositoryPath(_ path: String) -> String {
    URL(fileURLWithPath: #filePath + "/../../../" + path).standardizedFileURL.path
  }

  @Test func description() throws {
    var settings = EncoderSettings(precision: .int8)
    settings.allowsNonFiniteWeights = true
    settings.mapsEmbeddingTables = true
    let encoder = try SentenceEncoder(
      folder: Self.repositoryPath("weights/all-MiniLM-L6-v2"), settings: settings)
    let configuration = encoder.configuration
    #expect(configuration.hiddenSize == 384 && configuration.layerCount == 6 && configuration.maxPositions == 512)
    #expect(configuration.typeVocabularySize == 2 && configuration.padTokenID == 0)
    #expect(encoder.defaultPromptName == nil)
  }

  @Test func trainingWithEventsOfASequence() async throws {
    let texts = LabeledTexts(texts: ["a man", "a woman", "a stock", "a bond"], labels: ["x", "x", "y", "y"])
    var settings = FineTuningSettings()
    settings.length = .steps(1)
    settings.optimizer = AdamWSettings()
    settings.optimizer.learningRate = 1e-4
    settings.optimizer.beta1 = 0.8
    settings.optimizer.beta2 = 0.99
    settings.optimizer.epsilon = 1e-7
    let trainer = try Trainer(
      model: Self.repositoryPath("Tests/SwiftletEncodersTests/Fixtures/gelu-mean-normalized/model"),
      data: .labeled(texts, labelsPerBatch: 2, samplesPerLabel: 2),
      loss: BatchHardTripletLoss(margin: 0.3), settings: settings)
    var steps: [Int] = []
    for try await event in trainer.events() {
      if case .stepped(let report) = event { steps.append(report.step) }
    }
    #expect(steps == [1])
  }

  @Test func dataInMemory() {
    let pairs = LabeledPairs(first: ["a"], second: ["b"], areAlike: [true])
    let scores = ScoredPairs(first: ["a"], second: ["b"], scores: [0.5])
    let triplets = TextTriplets(anchors: ["a"], positives: ["b"], negatives: [["c"]])
    #expect(pairs.areAlike == [true] && scores.scores == [0.5])
    #expect(pairs.count == 1 && scores.count == 1 && triplets.count == 1)
    var columns = DatasetReader.ColumnNames()
    columns.text = "question"
    #expect(columns.text == "question" && columns.label == "label")
  }
}
