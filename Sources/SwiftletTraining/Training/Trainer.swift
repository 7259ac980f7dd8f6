// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
package import SwiftletTensors
import SwiftletTokenizers

/// Fine-tunes a sentence encoder on labeled texts, on triplets of texts, or on pairs.
///
/// ```swift
/// let data = try DatasetReader().read("train.csv").dataset
/// let trainer = try Trainer(model: "weights/all-MiniLM-L6-v2", data: data)
/// try trainer.run(output: "tuned") { print($0) }
/// let encoder = try SentenceEncoder(folder: "tuned")
/// ```
///
/// The trainer has weights of its own: encoders in use do not change. A run is a function of model, data and settings:
/// the number of threads, the size of the pieces, the CPU and interruptions change no bit of the weights.
public final class Trainer {
  /// How the encoder is fine-tuned.
  public let settings: FineTuningSettings

  /// What is odd about the model's folder or the data but was put up with, a line each.
  public let warnings: [String]

  /// How many updates the run has.
  public let stepCount: Int

  /// What is made small.
  public var loss: any Loss { task.loss }

  let model: ModelFolder
  let task: TrainingTask
  /// Whether the loss sees vectors of unit length.
  let takesUnitVectors: Bool
  let encoder: EncoderPipeline
  let evaluator: Evaluator?
  var weights: TrainableWeights
  var optimizer: AdamW
  let gradients: Gradients
  var source: BatchSource
  var schedule: LearningRateSchedule
  var progress = TrainingProgress()
  /// After how many updates hard negatives were mined last.
  var minedAt = 0
  /// After how many updates the run's newest checkpoint was saved; nil before it.
  var savedAt: Int?
  /// The weights of the best evaluation; nil before it.
  var best: TrainableWeights?
  /// What the run's weights follow from, as the folder, the data and the settings were at the start.
  let description: RunDescription

  private let skippedTokens: Int
  private let dropout: Philox
  /// One for all updates: a tape in the memory of whichever worker has the time would be in that of every worker.
  private let workspace = Workspace()

  /// Loads a model and prepares to tune it by a loss, one of this library or one of your own.
  ///
  /// ```swift
  /// let trainer = try Trainer(model: folder, data: .labeled(texts), loss: BatchHardTripletLoss(margin: 0.3))
  /// ```
  ///
  /// - Parameters:
  ///   - folder: the model's.
  ///   - data: texts that batches for the loss are made of.
  ///   - loss: what is made small.
  ///   - evaluation: what the weights are scored on while they are tuned; the best are kept. nil: the last are.
  ///   - settings: the optimizer, and how long to train.
  /// - Throws: what `SentenceEncoder` does; ``FineTuningError``, ``SamplerError``, ``ParameterPatternError`` or
  ///   ``EvaluationError`` where data and settings do not go together.
  public convenience init<L: Loss>(
    model folder: String, data: TrainingData<L.Batch>, loss: L, evaluation: Dataset? = nil,
    settings: FineTuningSettings = FineTuningSettings()
  ) throws {
    try self.init(folder, data.dataset, data.batches, evaluation, settings, kernels: Kernels.selected()) { _ in
      TrainingTask(data, loss)
    }
  }

  /// Loads a model and prepares to tune it, where data and loss are known at run time only.
  ///
  /// - Parameters:
  ///   - folder: the model's.
  ///   - data: labeled texts for any loss, of which it mines triplets or pairs where it takes these; triplets for
  ///     losses of triplets, pairs and rankings; pairs for losses of pairs.
  ///   - loss: what is made small.
  ///   - batches: how batches are drawn from the data.
  ///   - evaluation: what the weights are scored on while they are tuned; the best are kept. nil: the last are.
  ///   - settings: the optimizer, and how long to train.
  /// - Throws: what `SentenceEncoder` does; ``FineTuningError``, ``LossError``, ``SamplerError``,
  ///   ``ParameterPatternError`` or ``EvaluationError`` where data, loss and settings do not go together.
  public convenience init(
    model folder: String, data: Dataset, loss: LossChoice = LossChoice(BatchHardTripletLoss.self),
    batches: BatchSettings = BatchSettings(), evaluation: Dataset? = nil,
    settings: FineTuningSettings = FineTuningSettings()
  ) throws {
    try self.init(
      model: folder, data: data, loss: loss, batches: batches, evaluation: evaluation, settings: settings,
      kernels: Kernels.selected())
  }

  /// The same on a CPU path of choice.
  package convenience init(
    model folder: String, data: Dataset, loss: LossChoice, batches: BatchSettings, evaluation: Dataset?,
    settings: FineTuningSettings, kernels: Kernels
  ) throws {
    func task<L: Loss>(_ loss: L) throws(FineTuningError) -> TrainingTask {
      guard let data = TrainingData<L.Batch>(data, batches) else {
        throw .unsuitableData(loss: loss.messageName, found: data.kind)
      }
      return TrainingTask(data, loss)
    }
    try self.init(folder, data, batches, evaluation, settings, kernels: kernels) { encoder in
      try task(loss.make(hasUnitVectors: encoder.normalizes, dimension: encoder.dimension))
    }
  }

  /// - Parameter task: the loss and its data, for the vectors of an encoder.
  private init(
    _ folder: String, _ data: Dataset, _ batches: BatchSettings, _ evaluation: Dataset?, _ settings: FineTuningSettings,
    kernels: Kernels, task makeTask: (EncoderPipeline) throws -> TrainingTask
  ) throws {
    try settings.check()
    try batches.check()
    guard data.count > 0 else {
      throw FineTuningError.invalidSetting(name: "the number of rows", value: "0", allowed: "at least 1")
    }
    self.settings = settings
    model = try ModelFolder(path: folder)
    evaluator = try evaluation.map { try Evaluator($0) }
    (encoder, weights) = try Trainer.load(model, settings, kernels)
    let task = try makeTask(encoder)
    self.task = task
    takesUnitVectors = encoder.normalizes || task.loss is any NormalizingLoss
    var classifier: LinearClassifier?
    if task.needsClassifier, case .labeledTexts(let texts) = data {
      classifier = LinearClassifier(
        features: encoder.dimension, classes: texts.labelNames.count, seed: settings.seed, in: &weights)
    }
    source = try BatchSource(task, classifier, seed: settings.seed)
    try encoder.check(maxLength: settings.maxLength)
    skippedTokens = try encoder.skippedTokens
    optimizer = try AdamW(settings.optimizer, for: weights.layout)
    gradients = Gradients(weights.layout, frozen: optimizer.frozen)
    stepCount = try settings.stepCount(batchesPerEpoch: source.batchesPerEpoch)
    schedule = LearningRateSchedule(settings.schedule, stepCount: stepCount, warmupRatio: settings.warmupRatio)
    description = try RunDescription(
      settings, task: task, stepCount: stepCount, evaluation: evaluation, model: model, encoder: encoder,
      weights: weights)
    dropout = RandomStream.generator(seed: settings.seed, purpose: .dropout)
    var warnings = encoder.warnings
    if case .labeledTexts(let texts) = data, let warning = texts.warning { warnings.append(warning) }
    if case .scoredPairs(let pairs) = data, let warning = pairs.warning(for: task.loss) { warnings.append(warning) }
    self.warnings = warnings + (evaluator?.warnings.map { "evaluation data: \($0)" } ?? [])
  }

  /// The encoder with the weights as they are now. It is good until the next update.
  var current: SentenceEncoder { encoder.reading(weights.forModel(on: encoder.pool)) }

  /// Updates the weights once, by the mean loss of as many batches as are accumulated; or skips the update if loss or
  /// gradient are not finite.
  ///
  /// - Throws: ``FineTuningError`` if that happens for the third time in a row.
  func update() throws -> StepReport {
    let start = ContinuousClock.now, step = progress.step
    let batches = (0..<settings.accumulation).map { _ in source.next() }
    let tokens = try batches.map { try encoder.tokens(of: $0.texts, maxLength: settings.maxLength) }
    let rateFactor = schedule.factor(atStep: step)
    var outcome = Outcome()
    gradients.clear()
    encoder.pool.run(count: 1) { [self] _, worker in
      worker.with(workspace).withTeam { outcome = apply(batches, tokens, rateFactor, $0) }
    }
    progress.count(outcome.isApplied)
    let seconds = Double((ContinuousClock.now - start) / .seconds(1))
    progress.seconds += seconds
    let rate = settings.optimizer.learningRate * rateFactor
    if progress.skippedInARow >= 3 {
      throw FineTuningError.diverged(step: step + 1, rows: batches.flatMap(\.rows), learningRate: rate)
    }
    return StepReport(
      step: step + 1, epoch: Double((step + 1) * settings.accumulation) / Double(source.batchesPerEpoch),
      loss: outcome.loss, statistics: outcome.statistics, gradientNorm: outcome.gradientNorm, learningRate: rate,
      tokensPerSecond: Double(tokens.reduce(0) { $0 + $1.ids.count }) / max(seconds, 1e-9), seconds: progress.seconds,
      isSkipped: !outcome.isApplied)
  }

  private struct Outcome {
    var loss: Float = 0
    var statistics = BatchStatistics()
    var gradientNorm = Double.nan
    var isApplied = false
  }

  private func apply(
    _ batches: [TrainingBatch], _ tokens: [TokenBatch], _ rateFactor: Double, _ worker: Worker
  ) -> Outcome {
    var outcome = Outcome()
    let share = 1 / Float(batches.count), modelWeights = weights.forModel(worker)
    for (index, batch) in batches.enumerated() {
      let pass = BatchGradient(
        encoder: encoder, weights: modelWeights, skippedTokens: skippedTokens, pieceSize: settings.pieceSize,
        dropout: dropout, batchNumber: progress.step * batches.count + index)
      let result = pass.add(tokens[index], loss: batch.loss, share: share, to: gradients, worker)
      outcome.loss += (result?.value ?? .nan) * share
      outcome.statistics = result?.statistics ?? BatchStatistics()
      guard outcome.loss.isFinite else { return outcome }
    }
    outcome.gradientNorm = gradients.norm(kernels: weights.kernels, worker: worker)
    guard outcome.gradientNorm.isFinite else { return outcome }
    optimizer.step(weights, gradients, norm: outcome.gradientNorm, rateFactor: rateFactor, worker: worker)
    outcome.isApplied = true
    return outcome
  }
}
