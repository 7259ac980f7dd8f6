// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights
import TestSupport
import Testing

@testable import SwiftletTraining

/// Fine-tuning of cross-encoders: against PyTorch, and the runs of the trainer.
///
/// With `SWIFTLET_SAVED_MODELS` set to a folder, tuned models and their scores stay there, for
/// Scripts/check_saved_models.py.
@Suite struct CrossEncoderTrainingTests {
  private static let model = repositoryPath("Tests/SwiftletEncodersTests/Fixtures/cross-encoders/bert")
  private static let saved = model + "-saved"

  private static let pairs = LabeledPairs(
    first: (0..<24).map { "the cat \($0 % 6)" }, second: (0..<24).map { $0 % 4 == 0 ? "a dog" : "mat \($0)" },
    areAlike: (0..<24).map { $0 % 4 == 0 })

  private static func settings(steps: Int) -> FineTuningSettings {
    var settings = FineTuningSettings()
    settings.length = .steps(steps)
    settings.optimizer.learningRate = 5e-4
    settings.checkpointInterval = 2
    return settings
  }

  // MARK: The reference

  /// Twenty steps of Scripts/make_cross_encoder_training_goldens.py.
  @Test(arguments: ["binary-cross-entropy", "multiple-negatives-ranking"], [64, 3])
  func stepsFollowPyTorchs(name: String, pieceSize: Int) throws {
    let batches = try JSONParser.parse(path: fixture("cross-encoder/\(name).json"), limit: 1 << 20).array ?? []
    let golden = try SafetensorsFile(path: fixture("cross-encoder/\(name).safetensors"))
    var settings = Self.settings(steps: 20)
    settings.schedule = .constant
    settings.warmupRatio = 0
    settings.dropout = 0
    settings.pieceSize = pieceSize
    let data = try batches.dropLast().map { try Self.dataset(#require($0.object)) }
    try #require(data.count == 20)
    let loss = LossChoice(try LossChoice.loss(named: name, isForCrossEncoder: true))
    var batchSettings = BatchSettings()
    batchSettings.batchSize = 8
    let trainer = try Trainer(
      model: Self.model, data: data[0], loss: loss, batches: batchSettings, settings: settings)
    let state = trainer.state.withLock { $0 }
    let tensors = state.encoder.folder.writtenTensors
    let before = tensors.map { state.weights.numbers(of: $0.parameter) }
    for (step, data) in data.enumerated() {
      // A batch takes all of these rows, in some order.
      state.source = try BatchSource(Self.task(data, loss.loss), nil, seed: settings.seed)
      let report = try state.update()
      let expected = try #require(batches[step].object?["loss"]?.double)
      #expect(abs(Double(report.loss) / expected - 1) <= (step == 0 ? 1e-5 : 1e-3), "step \(step)")
      guard step == 0 else { continue }
      let gradients = try tensors.map { try golden.numbers("gradient.\($0.name)") }
      let total = norm(gradients.map(norm))
      for (tensor, gradient) in zip(tensors, gradients) {
        let error = distance(state.gradients.values(of: tensor.parameter).map(Double.init), gradient)
        // Softmax cancels a key's bias.
        let isZero = tensor.name.hasSuffix("key.bias")
        #expect(error <= (isZero ? 1e-6 * total : 1e-4 * norm(gradient)), "\(tensor.name)")
      }
    }
    let errors = batches.last?.object?["float32_errors"]?.object
    for (tensor, before) in zip(tensors, before) where !tensor.name.hasSuffix("key.bias") {
      let expected = try golden.numbers("weight.\(tensor.name)"), change = distance(expected, before)
      let error = distance(state.weights.numbers(of: tensor.parameter), expected)
      let ofPyTorch = try #require(errors?[tensor.name]?.double)
      #expect(change > 0 && error <= max(0.02 * change, 4 * ofPyTorch), "\(tensor.name): \(error) of \(change)")
    }
  }

  private static func task(_ data: Dataset, _ loss: any NamedLoss.Type) throws -> TrainingTask {
    let batches = BatchSettings(batchSize: data.count)
    func task<L: Loss>(_ loss: L) throws -> TrainingTask {
      TrainingTask(try #require(TrainingData<L.Batch>(data, batches)), loss)
    }
    return try task(loss.init(LossChoice.Parameters()))
  }

  private static func dataset(_ batch: JSONObject) throws -> Dataset {
    let columns = (batch["columns"]?.array ?? []).map { $0.array?.compactMap(\.string) ?? [] }
    let targets = batch["targets"]?.array?.compactMap(\.double) ?? []
    if !targets.isEmpty { return .scoredPairs(ScoredPairs(first: columns[0], second: columns[1], scores: targets)) }
    let negatives = columns[0].indices.map { row in columns[2...].map { $0[row] } }
    return .triplets(TextTriplets(anchors: columns[0], positives: columns[1], negatives: negatives))
  }

  // MARK: Losses

  @Test func rowsWithFewerNegatives() {
    let values: [Float] = [0.3, -1, 2, 0.5, 0.1, -0.2]
    let batch = CandidateBatch(logits: Variable(Tensor(values, shape: [6])), counts: [3, 1, 2])
    func score(_ index: Int) -> Double { 10 / (1 + exp(-Double(values[index]))) }
    func term(_ range: Range<Int>) -> Double { log(range.reduce(0) { $0 + exp(score($1)) }) - score(range.lowerBound) }
    let terms = CandidateRankingLoss().terms(batch, anchors: 0..<3).values.values
    for (term, expected) in zip(terms, [term(0..<3), term(3..<4), term(4..<6)]) {
      #expect(abs(Double(term) - expected) < 1e-4)
    }
    #expect(CandidateRankingLoss().terms(batch, anchors: 2..<3).values.values == [terms[2]])
  }

  @Test func randomNegativesAreThoseOfOtherRows() {
    let data = PositivePairs(
      anchors: (0..<9).map { "q\($0 / 2)" }, positives: (0..<9).map { "d\($0)" })
    func pairs(_ number: Int, _ rows: [Int]) -> [EncoderInput] {
      Dataset.positivePairs(data).pairs(of: rows, { LossValue($0.vectors) }, seed: 1, batchNumber: number).inputs
    }
    let all = pairs(0, Array(0..<9))
    #expect(all.count == 45 && all == pairs(0, Array(0..<9)) && all != pairs(1, Array(0..<9)))
    for row in 0..<9 {
      let candidates = all[5 * row..<5 * row + 5]
      #expect(candidates.first == EncoderInput("q\(row / 2)", pair: "d\(row)"))
      #expect(candidates.allSatisfy { $0.text == "q\(row / 2)" } && Set(candidates.map { $0.pair ?? "" }).count == 5)
      // Rows of the same query are no negatives.
      let own = ["d\(row / 2 * 2)", "d\(row / 2 * 2 + 1)"]
      #expect(!candidates.dropFirst().contains { own.contains($0.pair ?? "") })
    }
    #expect(pairs(0, [0, 2]).count == 4)
  }

  // MARK: Runs

  @Test(arguments: [model, saved]) func tunedFoldersGiveTheScoresOfTheRun(model: String) async throws {
    let folder = try TemporaryFolder(), kept = ProcessInfo.processInfo.environment["SWIFTLET_SAVED_MODELS"]
    let output = "\(kept ?? folder.path)/cross-encoder-\(model == Self.saved ? "saved" : "old")"
    let trainer = try Trainer(
      model: model, data: .labeledPairs(Self.pairs), loss: LossChoice(BinaryCrossEntropyLoss.self),
      batches: BatchSettings(batchSize: 8), evaluation: .labeledPairs(Self.pairs), settings: Self.settings(steps: 12))
    let result = try await trainer.run(output: output)
    #expect(result.best?.evaluation.main.name == "ndcg_at_10" && result.baseline != nil)
    let texts = [("the cat", "a dog"), ("", "mat"), ("12", "")]
    let scores = try await trainer.tunedCrossEncoder().scores(of: texts)
    let encoder = try CrossEncoder(folder: output)
    #expect(try await Array(encoder.scores(of: texts)) == Array(scores))
    #expect(try await Array(CrossEncoder(folder: model).scores(of: texts)) != Array(scores))
    // The names and files of the reference.
    let names = try SafetensorsFile(path: "\(output)/model.safetensors").tensors.map(\.name)
    #expect(names.contains("bert.pooler.dense.weight") && names.contains("classifier.bias"))
    #expect(names.allSatisfy { $0.hasPrefix("bert.") || $0.hasPrefix("classifier.") })
    #expect(FileManager.default.fileExists(atPath: "\(output)/modules.json") == (model == Self.saved))
    guard kept != nil else { return }
    func list(_ scores: PairScores) -> JSONValue {
      .array(scores.map { .number(JSONNumber(Double($0[0]))) })
    }
    let json: JSONObject = [
      "pairs": .array(texts.map { .array([.string($0), .string($1)]) }), "scores": list(scores),
      "logits": list(try await encoder.scores(of: texts, asLogits: true)),
    ]
    var bytes: [UInt8] = []
    JSONWriter.append(.object(json), to: &bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: "\(output)/scores.json"))
  }

  /// A run that was stopped and resumed has the bits of one that was not; in pieces, too.
  @Test func resumedRunsHaveTheSameBits() async throws {
    let folder = try TemporaryFolder()
    let triplets = TextTriplets(
      anchors: (0..<10).map { "the cat \($0)" }, positives: (0..<10).map { "dog \($0)" },
      negatives: (0..<10).map { row in (0...row % 3).map { "mat \(row + $0)" } })
    func trainer(pieceSize: Int) throws -> Trainer {
      var settings = Self.settings(steps: 6)
      settings.pieceSize = pieceSize
      return try Trainer(
        model: Self.model, data: .triplets(triplets), loss: LossChoice(CandidateRankingLoss.self),
        batches: BatchSettings(batchSize: 4), settings: settings)
    }
    func weights(_ name: String) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: folder.path("\(name)/model.safetensors")))
    }
    try await trainer(pieceSize: 64).run(output: folder.path("whole"))
    struct Stopped: Error {}
    await #expect(throws: Stopped.self) {
      try await trainer(pieceSize: 64).run(output: folder.path("parts")) { event in
        if case .stepped(let step) = event, step.step == 3 { throw Stopped() }
      }
    }
    try await trainer(pieceSize: 5).run(output: folder.path("parts"), resumes: true)
    #expect(try weights("whole") == weights("parts"))
  }

  @Test func whatDoesNotGoTogetherIsRefused() throws {
    func message(
      _ data: Dataset = .labeledPairs(Self.pairs), _ loss: any NamedLoss.Type = BinaryCrossEntropyLoss.self,
      model: String = Self.model, evaluation: Dataset? = nil, _ change: (inout FineTuningSettings) -> Void = { _ in }
    ) throws -> String {
      var settings = FineTuningSettings()
      change(&settings)
      let error = try #require(throws: (any Error).self) {
        try Trainer(model: model, data: data, loss: LossChoice(loss), evaluation: evaluation, settings: settings)
      }
      return "\(error)"
    }
    let texts = Dataset.labeledTexts(LabeledTexts(texts: ["a", "b"], labels: ["x", "y"]))
    #expect(try message(texts).contains("those of sentence encoders, or give pairs"))
    #expect(try message(.labeledPairs(Self.pairs), CandidateRankingLoss.self).contains("choose one of binary-cross"))
    #expect(try message(evaluation: texts).contains("a cross-encoder cannot be evaluated on labeled texts"))
    #expect(try message(model: Self.model + "-2").contains("has 2 labels"))
    #expect(try message(model: repositoryPath("weights/all-MiniLM-L6-v2")).contains("open it with SentenceEncoder"))
    #expect(try message { $0.pooling = [.mean] }.contains("a cross-encoder has a head"))
    let other = try message(.labeledPairs(Self.pairs), OnlineContrastiveLoss.self, model: Self.saved)
    #expect(other.contains("open it with CrossEncoder"))
  }

  // MARK: Evaluation

  @Test func rerankingMetrics() throws {
    let pairs = LabeledPairs(
      first: ["q", "q", "q", "r", "r", "s"], second: ["a", "b", "c", "d", "e", "f"],
      areAlike: [false, true, true, true, false, false])
    let evaluator = Evaluator(rerankingOf: pairs)
    #expect(evaluator.warnings == ["1 of 3 queries have no document with the label 1, and count 0"])
    #expect(evaluator.inputs[3] == EncoderInput("r", pair: "d"))
    let evaluation = try evaluator.evaluate(Tensor([0.9, 0.8, 0.1, 0.7, 0.2, 0.3], shape: [6, 1]))
    func value(_ name: String) -> Double { evaluation[name] ?? .nan }
    // q: relevant at ranks 2 and 3; r: at 1; s: none.
    let ideal = 1 + 1 / log2(3.0), gained = 1 / log2(3.0) + 1 / 2
    #expect(abs(value("ndcg_at_10") - (gained / ideal + 1) / 3) < 1e-12)
    #expect(abs(value("mrr_at_10") - (0.5 + 1) / 3) < 1e-12)
    #expect(abs(value("ap") - (1.0 / 2 + 2.0 / 3 + 3.0 / 6) / 3) < 1e-12)
    #expect(abs(value("accuracy") - 4.0 / 6) < 1e-12 && evaluation.main.name == "ndcg_at_10")
    let encoder = try CrossEncoder(folder: Self.model)
    #expect(try evaluator.evaluate(encoder).metrics.count == 4)
  }
}
