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

  let encoder: SentenceEncoder
  let state: Monitor<TrainingState>
  let isRunning = Atomic(false)

  private let model: ModelFolder
  private let kernels: Kernels

  /// Loads a model and prepares to tune it.
  ///
  /// - Parameters:
  ///   - folder: the model's.
  ///   - data: labeled texts for any loss, of which it mines triplets or pairs where it takes these; triplets for
  ///     losses of triplets, pairs and rankings; pairs for losses of pairs.
  ///   - evaluation: what the weights are scored on while they are tuned; the best are kept. nil: the last are.
  ///   - settings: the loss, the optimizer, and how long and in what batches to train.
  /// - Throws: what `SentenceEncoder` does; ``FineTuningError``, ``LossError``, ``SamplerError``,
  ///   ``ParameterPatternError`` or ``EvaluationError`` where data and settings do not go together.
  public convenience init(
    model folder: String, data: Dataset, evaluation: Dataset? = nil, settings: FineTuningSettings = FineTuningSettings()
  ) throws {
    try self.init(
      folder, data, evaluation, settings, lossName: settings.loss.rawValue, kernels: Kernels.selected(),
      loss: {
        try settings.loss.loss(
          distance: settings.distance, margin: settings.margin, scale: settings.scale, unitVectors: $0)
      })
  }

  /// Prepares to tune a model by a loss of one's own.
  ///
  /// - Parameters:
  ///   - loss: takes the place of the settings' loss.
  ///   - name: what messages call it; a run is resumed under the same name, and with the same stored properties of the
  ///     loss, only.
  public convenience init(
    model folder: String, data: LabeledTexts, evaluation: Dataset? = nil,
    settings: FineTuningSettings = FineTuningSettings(), loss: any LabeledLoss, name: String
  ) throws {
    try self.init(
      folder, .labeledTexts(data), evaluation, settings, lossName: name, kernels: Kernels.selected(),
      loss: { _ in .labeled(loss) })
  }

  /// - Parameters:
  ///   - lossName: what messages call the loss.
  ///   - loss: the loss for vectors of unit length, or for others.
  package init(
    _ folder: String, _ data: Dataset, _ evaluation: Dataset?, _ settings: FineTuningSettings, lossName: String,
    kernels: Kernels, loss: (_ isNormalized: Bool) throws -> TrainingLoss
  ) throws {
    try settings.check()
    guard data.count > 0 else {
      throw FineTuningError.invalidSetting(name: "the number of rows", value: "0", allowed: "at least 1")
    }
    self.settings = settings
    self.kernels = kernels
    model = try ModelFolder(path: folder)
    // A Matryoshka loss takes vectors of unit length, whatever the encoder gives.
    let takesUnitVectors = settings.matryoshkaDimensions != nil || settings.normalize ?? model.normalizes
    let state = try TrainingState(
      model: model, data: data, evaluation: evaluation, settings: settings, lossName: lossName,
      plainLoss: loss(takesUnitVectors), takesUnitVectors: takesUnitVectors, kernels: kernels)
    encoder = state.encoder
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
