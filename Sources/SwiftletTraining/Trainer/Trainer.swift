// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
public import SwiftletEncoders
package import SwiftletTensors
import Synchronization

/// Fine-tunes a sentence encoder on labeled texts, on triplets of texts, or on pairs with or without scores; or a
/// cross-encoder, if the loss is one of cross-encoders.
///
/// ```swift
/// let data = try DatasetReader().read("train.csv").dataset
/// let trainer = try Trainer(model: "weights/all-MiniLM-L6-v2", data: data)
/// try await trainer.run(output: "tuned") { print($0) }
/// let encoder = try SentenceEncoder(folder: "tuned")
/// ```
///
/// The trainer has its own weights: encoders in use do not change. The tuned weights depend only on model, data and
/// settings. The number of threads and of processes, the piece size, the CPU and interruptions change no bit of them.
///
/// A trainer can have one run at a time; a second one traps. All other members can be used during a run from any
/// thread, and wait for the current update. A loss that uses them traps, since it is part of the update.
public final class Trainer: Sendable {
  /// The settings.
  public let settings: FineTuningSettings

  /// Non-fatal problems of the model folder and the data, one line each.
  public let warnings: [String]

  /// The number of updates of the run.
  public let stepCount: Int

  /// The loss that training minimizes.
  public let loss: any Loss

  let encoder: EncoderPipeline
  let state: Monitor<TrainingState>
  let isRunning = Atomic(false)

  private let model: ModelFolder
  private let kernels: Kernels

  /// Loads a model to tune it with a loss of this library or your own.
  ///
  /// ```swift
  /// let trainer = try Trainer(model: folder, data: .labeled(texts), loss: BatchHardTripletLoss(margin: 0.3))
  /// ```
  ///
  /// - Parameters:
  ///   - folder: the model folder.
  ///   - data: the texts, and how batches are drawn from them.
  ///   - loss: the loss to minimize.
  ///   - evaluation: data to evaluate the weights on during training. The best weights are kept; nil: the last weights
  ///     are kept.
  ///   - settings: the optimizer, the length of training and more.
  /// - Throws: the errors of `SentenceEncoder`; a ``SwiftletError`` if data and settings do not fit together.
  public convenience init<L: Loss>(
    model folder: String, data: TrainingData<L.Batch>, loss: L, evaluation: Dataset? = nil,
    settings: FineTuningSettings = FineTuningSettings()
  ) throws {
    let kind = (L.Batch.self as? any TextBatch.Type)?.modelKind ?? .sentenceEncoder
    try self.init(folder, kind, data.dataset, data.batches, evaluation, settings, kernels: Kernels.selected()) { _ in
      TrainingTask(data, loss)
    }
  }

  /// Loads a model to tune it, if the kind of data or the loss is only known at run time.
  ///
  /// - Parameters:
  ///   - folder: the model folder.
  ///   - data: labeled texts for any loss (triplets or pairs are mined if the loss needs them); triplets for losses of
  ///     triplets, pairs and rankings; scored or labeled pairs for losses of pairs; positive pairs for losses of rankings.
  ///   - loss: the loss to minimize.
  ///   - batches: settings of drawing batches from the data.
  ///   - evaluation: data to evaluate the weights on during training. The best weights are kept; nil: the last weights
  ///     are kept.
  ///   - settings: the optimizer, the length of training and more.
  /// - Throws: the errors of `SentenceEncoder`; a ``SwiftletError`` if data, loss and settings do not fit together.
  public convenience init(
    model folder: String, data: Dataset, loss: LossChoice = LossChoice(BatchHardTripletLoss.self),
    batches: BatchSettings = BatchSettings(), evaluation: Dataset? = nil,
    settings: FineTuningSettings = FineTuningSettings()
  ) throws {
    try self.init(
      model: folder, data: data, loss: loss, batches: batches, evaluation: evaluation, settings: settings,
      kernels: Kernels.selected())
  }

  /// Creates a trainer that uses the given kernels.
  package convenience init(
    model folder: String, data: Dataset, loss: LossChoice, batches: BatchSettings, evaluation: Dataset?,
    settings: FineTuningSettings, kernels: Kernels
  ) throws {
    let kind = loss.modelKind
    func task<L: Loss>(_ loss: L) throws(FineTuningError) -> TrainingTask {
      guard let data = TrainingData<L.Batch>(data, batches) else {
        throw .unsuitableData(loss: loss.messageName, found: data.kind, model: kind)
      }
      return TrainingTask(data, loss)
    }
    try self.init(folder, kind, data, batches, evaluation, settings, kernels: kernels) { encoder in
      try task(loss.make(hasUnitVectors: encoder.normalizes, dimension: encoder.dimension))
    }
  }

  /// - Parameter task: creates the loss and its data for the vectors of an encoder.
  private init(
    _ folder: String, _ kind: ModelKind, _ data: Dataset, _ batches: BatchSettings, _ evaluation: Dataset?,
    _ settings: FineTuningSettings, kernels: Kernels, task makeTask: (EncoderPipeline) throws -> TrainingTask
  ) throws {
    try settings.check()
    try batches.check()
    guard data.count > 0 else {
      throw FineTuningError.invalidSetting(name: "the number of rows", value: "0", allowed: "at least 1")
    }
    self.settings = settings
    self.kernels = kernels
    model = try ModelFolder(path: folder, as: kind)
    let state = try TrainingState(
      model: model, data: data, evaluation: evaluation, settings: settings, kernels: kernels, task: makeTask)
    encoder = state.encoder
    loss = state.task.loss
    stepCount = state.stepCount
    warnings = state.warnings
    self.state = Monitor(state)
  }

  /// The encoder before the first update, also of a resumed run. Its weights are read or drawn again.
  ///
  /// - Throws: the errors of reading the model folder.
  /// - Precondition: The trainer tunes a sentence encoder.
  public func originalEncoder() throws -> SentenceEncoder {
    precondition(model.kind == .sentenceEncoder, "this trainer tunes a cross-encoder")
    let (_, weights) = try Trainer.load(model, settings, kernels)
    return encoder.reading(weights.forModel(on: encoder.pool))
  }

  /// The current encoder, with the weights of the best evaluation, or else the last weights.
  ///
  /// - Precondition: The trainer tunes a sentence encoder.
  public func tunedEncoder() -> SentenceEncoder {
    precondition(model.kind == .sentenceEncoder, "this trainer tunes a cross-encoder; use tunedCrossEncoder()")
    return state.withLock { $0.tuned }
  }

  /// The current cross-encoder, with the weights of the best evaluation, or else the last weights.
  ///
  /// - Precondition: The trainer tunes a cross-encoder.
  public func tunedCrossEncoder() -> CrossEncoder {
    precondition(model.kind == .crossEncoder, "this trainer tunes a sentence encoder; use tunedEncoder()")
    return state.withLock { $0.tunedCrossEncoder }
  }
}
