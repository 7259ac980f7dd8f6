// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
public import SwiftletEncoders
package import SwiftletTensors
import Synchronization

/// Fine-tunes a sentence encoder on labeled texts, on triplets of texts, or on pairs.
///
/// ```swift
/// let data = try DatasetReader().read("train.csv").dataset
/// let trainer = try Trainer(model: "weights/all-MiniLM-L6-v2", data: data)
/// try await trainer.run(output: "tuned") { print($0) }
/// let encoder = try SentenceEncoder(folder: "tuned")
/// ```
///
/// The trainer has weights of its own: encoders in use do not change. A run is a function of model, data and settings:
/// the number of threads, the size of the pieces, the CPU and interruptions change no bit of the weights.
///
/// One run at a time: a second one traps. Everything else may be called meanwhile, from any thread, and waits for the
/// update that is being computed; a loss, which is part of the update, must not call it.
public final class Trainer: Sendable {
  /// How the encoder is fine-tuned.
  public let settings: FineTuningSettings

  /// Non-fatal problems of the model's folder and the data, a line each.
  public let warnings: [String]

  /// How many updates the run has.
  public let stepCount: Int

  /// What is made small.
  public let loss: any Loss

  let encoder: EncoderPipeline
  let state: Monitor<TrainingState>
  let isRunning = Atomic(false)

  private let model: ModelFolder
  private let kernels: Kernels

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
    self.kernels = kernels
    model = try ModelFolder(path: folder)
    let state = try TrainingState(
      model: model, data: data, evaluation: evaluation, settings: settings, kernels: kernels, task: makeTask)
    encoder = state.encoder
    loss = state.task.loss
    stepCount = state.stepCount
    warnings = state.warnings
    self.state = Monitor(state)
  }

  /// The encoder as it was before the first update, for a run that was resumed, too. Its weights are read or drawn again.
  ///
  /// - Throws: what reading the model's folder throws.
  public func originalEncoder() throws -> SentenceEncoder {
    let (_, weights) = try Trainer.load(model, settings, kernels)
    return encoder.reading(weights.forModel(on: encoder.pool))
  }

  /// The encoder as it is now: with the weights of the best evaluation, else the last.
  public func tunedEncoder() -> SentenceEncoder { state.withLock { $0.tuned } }
}
