// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import Testing

/// A cross-encoder as a user's app loads, describes, uses and tunes it.
struct CrossEncoderTests {
  private static let model = URL(
    fileURLWithPath: #filePath + "/../../SwiftletEncodersTests/Fixtures/cross-encoders/bert"
  ).standardizedFileURL.path

  @Test func scoresOfPairs() throws {
    var settings = CrossEncoderSettings(maxLength: 12, precision: .int8, threadCount: 2)
    settings.allowsNonFiniteWeights = true
    settings.mapsEmbeddingTables = true
    let encoder = try CrossEncoder(folder: Self.model, settings: settings)
    #expect(encoder.labels == ["LABEL_0"] && encoder.maxLength == 12 && encoder.configuration.hiddenSize == 24)
    #expect(encoder.prompts.isEmpty && encoder.defaultPromptName == nil && encoder.warnings.count == 1)
    #expect(encoder.tokenizer.specialTokens.separator == 3)
    let scores = try encoder.scores(of: [("a cat", "the mat"), ("a cat", "a dog ran and ran and ran and ran")])
    #expect(scores.labelCount == 1 && scores.truncated == [1] && scores.tensor.shape == [2, 1])
    let ranking = try encoder.rank(query: "a cat", documents: ["the mat", "a dog"], topK: 1)
    #expect(ranking.count == 1 && ranking[0].score > 0 && ranking[0].index < 2)
    #expect(scores.ranking(1)[0].score == max(scores[0][0], scores[1][0]))
  }

  @Test func tuning() async throws {
    var settings = FineTuningSettings()
    settings.length = .steps(1)
    let pairs = LabeledPairs(
      first: ["a cat", "a cat"], second: ["the mat", "a dog"], areAlike: [true, false])
    let trainer = try Trainer(
      model: Self.model, data: .pairs(pairs), loss: BinaryCrossEntropyLoss(), evaluation: .labeledPairs(pairs),
      settings: settings)
    #expect(try await trainer.run().best?.evaluation.main.name == "ndcg_at_10")
    let evaluation = try Evaluator(rerankingOf: pairs).evaluate(trainer.tunedCrossEncoder())
    #expect(evaluation["ndcg_at_10"] ?? 0 > 0)

    let scored = ScoredPairs(first: ["a"], second: ["b"], scores: [0.5])
    let positives = PositivePairs(anchors: ["a", "b"], positives: ["c", "d"])
    let triplets = TextTriplets(anchors: ["a"], positives: ["b"], negatives: [["c"]])
    for trainer in [
      try Trainer(model: Self.model, data: .pairs(scored, batchSize: 1), loss: BinaryCrossEntropyLoss()),
      try Trainer(model: Self.model, data: .pairs(positives), loss: CandidateRankingLoss(scale: 5)),
      try Trainer(model: Self.model, data: .triplets(triplets), loss: CandidateRankingLoss()),
    ] { try await trainer.run() }
    let name = LossChoice.ofCrossEncoders[1].name
    #expect(try LossChoice.loss(named: name, isForCrossEncoder: true) == CandidateRankingLoss.self)
  }

  @Test func lossesOfOwnBatches() {
    let logits = Variable(Tensor([0, 0, 0], shape: [3]))
    let candidates = CandidateBatch(logits: logits, counts: [2, 1])
    let scored = ScoredBatch(logits: logits, targets: [0, 1, 1])
    #expect(candidates.counts == [2, 1] && scored.anchorCount == 3 && candidates.anchorCount == 2)
    #expect(abs(BinaryCrossEntropyLoss()(scored).value.values[0] - log(2)) < 1e-6)
    #expect(abs(CandidateRankingLoss(scale: 1)(candidates).value.values[0] - log(2) / 2) < 1e-6)
    #expect(CandidateRankingLoss().scale == 10 && scored.targets.count == candidates.logits.count)
  }
}
