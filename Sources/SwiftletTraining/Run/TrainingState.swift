// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers

/// The state of a run of fine-tuning (weights, moments, position in the data), and the steps that change it.
///
/// Not thread-safe: ``Trainer`` protects it with a lock. Each step blocks its thread and appends to ``events``.
final class TrainingState {
  let settings: FineTuningSettings
  let warnings: [String]
  let stepCount: Int
  let model: ModelFolder
  let task: TrainingTask
  /// Whether the loss is computed of unit vectors.
  let takesUnitVectors: Bool
  /// The encoder as it is trained.
  let encoder: EncoderPipeline
  /// The encoder as it is evaluated and saved: the folder may ask for fewer dimensions.
  let reader: EncoderPipeline
  let evaluator: Evaluator?
  /// The description of the run, with the folder, the data and the settings at its start.
  let description: RunDescription

  var weights: TrainableWeights
  var optimizer: AdamW
  let gradients: Gradients
  /// The sum of the gradients of an update's blocks; not used if there is one block.
  private lazy var gradientSum = GradientSum(of: gradients)
  var source: BatchSource
  var schedule: LearningRateSchedule
  var progress = TrainingProgress()
  /// The number of updates at the last mining.
  var minedAt = 0
  /// The number of updates at the newest checkpoint; nil before the first.
  var savedAt: Int?
  /// The weights of the best evaluation; nil before the first.
  var best: TrainableWeights?

  /// Events that were not reported yet.
  var events: [TrainingEvent] = []
  /// The stage of the run; nil outside a run.
  var stage: Stage?
  /// The run's folder; nil without output or outside a run.
  var folder: RunFolder?
  /// The run's checkpoints, locked during the run.
  var store: CheckpointStore?
  /// The processes that share the run.
  var group: any TrainingGroup = SingleProcess()
  var detector: CollapseDetector

  private let dropout: Philox
  /// One workspace for all updates. Otherwise the workspace of every worker would grow to the size of a tape.
  private let workspace = Workspace()

  /// - Parameter makeTask: creates the loss and its data for the vectors of an encoder.
  init(
    model: ModelFolder, data: Dataset, evaluation: Dataset?, settings: FineTuningSettings, kernels: Kernels,
    task makeTask: (EncoderPipeline) throws -> TrainingTask
  ) throws {
    self.settings = settings
    self.model = model
    evaluator = try evaluation.map { try TrainingState.evaluator($0, of: model.kind) }
    (reader, weights) = try Trainer.load(model, settings, kernels)
    if model.kind == .crossEncoder, reader.dimension != 1 { throw FineTuningError.severalLabels(reader.dimension) }
    encoder = reader.forTraining
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
    optimizer = try AdamW(settings.optimizer, for: weights.layout)
    gradients = Gradients(weights.layout, frozen: optimizer.frozen)
    stepCount = try settings.stepCount(batchesPerEpoch: source.batchesPerEpoch)
    schedule = LearningRateSchedule(settings.schedule, stepCount: stepCount, warmupRatio: settings.warmupRatio)
    description = try RunDescription(
      settings, task: task, stepCount: stepCount, evaluation: evaluation, model: model, encoder: encoder,
      weights: weights)
    detector = CollapseDetector(isNormalized: takesUnitVectors, valueOfCollapse: task.loss.valueOfCollapse)
    dropout = RandomStream.generator(seed: settings.seed, purpose: .dropout)
    var warnings = encoder.warnings
    if case .labeledTexts(let texts) = data, let warning = texts.warning { warnings.append(warning) }
    if case .scoredPairs(let pairs) = data, let warning = pairs.warning(for: task.loss) { warnings.append(warning) }
    self.warnings = warnings + (evaluator?.warnings.map { "evaluation data: \($0)" } ?? [])
  }

  private static func evaluator(_ data: Dataset, of kind: ModelKind) throws -> Evaluator {
    guard kind == .crossEncoder else { return try Evaluator(data) }
    guard case .labeledPairs(let pairs) = data else { throw FineTuningError.unsuitableEvaluation(data.kind) }
    return Evaluator(rerankingOf: pairs)
  }

  /// Computes the vectors of texts or the logits of pairs with the current weights, or others.
  func vectors(of inputs: [EncoderInput], _ weights: TrainableWeights? = nil) throws -> Tensor {
    try reader.vectors(of: inputs, weights: (weights ?? self.weights).forModel(on: encoder.pool))
  }

  /// The encoder with the weights of the best evaluation, or else the current weights.
  var tuned: SentenceEncoder { reader.reading((best ?? weights).copy().forModel(on: encoder.pool)) }

  /// The same for a cross-encoder.
  var tunedCrossEncoder: CrossEncoder { reader.scoring(with: (best ?? weights).copy().forModel(on: encoder.pool)) }

  /// Updates the weights once by the mean loss of the accumulated batches, or skips the update if the loss or the
  /// gradient is not finite.
  ///
  /// - Throws: ``FineTuningError`` if that happens for the third time in a row.
  func update() throws -> TrainingEvent.StepReport {
    let start = ContinuousClock.now, step = progress.step
    let batches = (0..<settings.accumulation).map { _ in source.next() }
    let tokens = try batches.map { try encoder.tokens(of: $0.inputs, maxLength: settings.maxLength) }
    let rateFactor = schedule.factor(atStep: step)
    var result = Result<Outcome, any Error>.success(Outcome())
    gradients.clear()
    encoder.pool.run(count: 1) { [self] _, worker in
      worker.with(workspace).withTeam { worker in
        result = Result { try apply(batches, tokens, rateFactor, worker) }
      }
    }
    let outcome = try result.get()
    try group.requireSame("\(outcome.loss.bitPattern) \(outcome.gradientNorm.bitPattern)") { _, _ in
      ["the loss or the gradient of step \(step + 1)"]
    }
    progress.count(outcome.isApplied)
    let seconds = Double((ContinuousClock.now - start) / .seconds(1))
    progress.seconds += seconds
    let rate = settings.optimizer.learningRate * rateFactor
    if progress.skippedInARow >= 3 {
      throw FineTuningError.diverged(step: step + 1, rows: batches.flatMap(\.rows), learningRate: rate)
    }
    return TrainingEvent.StepReport(
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
  ) throws -> Outcome {
    var outcome = Outcome()
    let share = 1 / Float(batches.count), modelWeights = weights.forModel(worker, precision: settings.precision)
    let blockCount = tokens.reduce(0) { $0 + dividedRoundingUp($1.sequenceCount, by: GradientSum.blockSize) }
    let sum = blockCount > 1 ? gradientSum : nil
    sum?.begin(blockCount: blockCount)
    for (index, batch) in batches.enumerated() {
      let pass = BatchGradient(
        encoder: encoder, weights: modelWeights, pieceSize: settings.pieceSize, dropout: dropout,
        batchNumber: progress.step * batches.count + index)
      let result = try pass.add(tokens[index], loss: batch.loss, share: share, to: gradients, sum, group, worker)
      outcome.loss += (result?.value ?? .nan) * share
      outcome.statistics = result?.statistics ?? BatchStatistics()
      guard outcome.loss.isFinite else { return outcome }
    }
    try sum?.add(over: group)
    if let sum, !sum.take(kernels: weights.kernels, worker: worker) { return outcome }
    outcome.gradientNorm = gradients.norm(kernels: weights.kernels, worker: worker)
    guard outcome.gradientNorm.isFinite else { return outcome }
    optimizer.step(weights, gradients, norm: outcome.gradientNorm, rateFactor: rateFactor, worker: worker)
    outcome.isApplied = true
    return outcome
  }
}
