// SPDX-License-Identifier: Apache-2.0

import Autodiff
public import BertEncoder
import TensorCore

extension Trainer {
  /// Tunes the encoder, and writes it to a folder if one is given.
  ///
  /// - Parameters:
  ///   - output: the folder for checkpoints while the run goes on and for the model when it is done; absent or empty
  ///     unless the run is resumed. nil: nothing is written, ``tunedEncoder()`` gives the result.
  ///   - resumes: whether to go on from the newest checkpoint in `output`, with the same bits at the end as a run that
  ///     was never interrupted.
  ///   - stop: asks the run to save a checkpoint and to end.
  ///   - report: hears what happens.
  /// - Throws: ``FineTuningError``, `CheckpointStoreError`, `FileError`, or what `report` throws.
  @discardableResult
  public func run(
    output: String? = nil, resumes: Bool = false, stop: StopFlag = StopFlag(),
    report: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> FineTuningResult {
    let folder = output.map { RunFolder($0) }
    if let folder {
      let status = try folder.status()
      if status == .finished, resumes {
        try folder.removeCheckpoints()
        return result(.alreadyFinished)
      }
      guard status == .empty || status == .unfinished && resumes else {
        throw FineTuningError.outputNotEmpty(path: folder.path, holdsRun: status == .unfinished)
      }
    }
    let store = try folder.map { try CheckpointStore(folder: $0.checkpoints) }
    // Not before the folder is this run's alone.
    try folder?.removeTemporaries()
    for warning in warnings { try report(.warned(warning)) }
    if resumes, let store { try resume(from: store, report) }
    try report(.started(step: progress.step, stepCount: stepCount))
    let end = try train(store, stop, report)
    if let folder, end != .stopped {
      do {
        try finish(folder, end, report)
      } catch {
        // All updates are done: whoever mends the cause and resumes need not wait for them again.
        if let store { try? save(to: store, report) }
        throw error
      }
    }
    return result(end)
  }

  /// Writes the model's folder, the weights last, then removes the checkpoints.
  private func finish(
    _ folder: RunFolder, _ end: FineTuningResult.End, _ report: (TrainingEvent) throws -> Void
  ) throws {
    let weights = best ?? weights
    try check(weights)
    let writer = ModelFolderWriter(original: model, encoder: encoder, weights: weights)
    try writer.writeConfiguration(to: folder.path)
    try report(.completing(result(end)))
    try writer.writeWeights(to: folder.weights)
    try folder.removeCheckpoints()
  }

  /// - Throws: ``FineTuningError`` if weights, or the vectors that they make, are not finite: they are good for nothing.
  func check(_ weights: TrainableWeights) throws {
    if let parameter = weights.firstNonFinite() {
      throw FineTuningError.nonFiniteWeights(parameter: parameter.name, step: progress.step)
    }
    let vector = try encoder.reading(weights.forModel(on: encoder.pool)).encode(["a"]).tensor
    guard vector.values.allSatisfy(\.isFinite) else { throw FineTuningError.nonFiniteVectors(step: progress.step) }
  }

  /// The encoder as it is now: with the weights of the best evaluation, else the last.
  public func tunedEncoder() -> SentenceEncoder {
    encoder.reading((best ?? weights).copy().forModel(on: encoder.pool))
  }

  private func result(_ end: FineTuningResult.End) -> FineTuningResult {
    FineTuningResult(
      end: end, stepCount: progress.step, skippedSteps: progress.skipped, baseline: progress.baseline,
      best: progress.best)
  }

  private func train(
    _ store: CheckpointStore?, _ stop: StopFlag, _ report: (TrainingEvent) throws -> Void
  ) throws -> FineTuningResult.End {
    var detector = CollapseDetector(
      isNormalized: takesUnitVectors, valueOfCollapse: loss.valueOfCollapse)
    if let evaluator, progress.baseline == nil {
      let baseline = try evaluator.evaluate(current)
      progress.baseline = baseline
      try report(.evaluated(step: 0, baseline))
    }
    while progress.step < stepCount {
      if runsOutOfPatience { return .ranOutOfPatience }
      if stop.isRequested {
        try store.map { try save(to: $0, report) }
        return .stopped
      }
      try mineIfDue(report)
      let step = try update()
      try report(.stepped(step))
      if let warning = detector.warning(after: step) { try report(.warned(warning)) }
      if progress.step.isMultiple(of: evaluationInterval) || progress.step == stepCount { try evaluate(report) }
      if let store, progress.step.isMultiple(of: settings.checkpointInterval), progress.step < stepCount {
        try save(to: store, report)
      }
    }
    return .completed
  }

  private var runsOutOfPatience: Bool {
    settings.patience.map { progress.evaluationsSinceBest >= $0 } ?? false
  }

  private var evaluationInterval: Int {
    settings.evaluationInterval
      ?? (source.batchesPerEpoch + settings.accumulation - 1) / settings.accumulation
  }

  private func evaluate(_ report: (TrainingEvent) throws -> Void) throws {
    guard let evaluator else { return }
    try check(weights)
    let evaluation = try evaluator.evaluate(current)
    if evaluation.main.value > progress.best?.evaluation.main.value ?? -.infinity {
      progress.best = (progress.step, evaluation)
      progress.evaluationsSinceBest = 0
      best = weights.copy()
    } else {
      progress.evaluationsSinceBest += 1
    }
    try report(.evaluated(step: progress.step, evaluation))
  }
}
