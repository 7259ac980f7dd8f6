// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
public import SwiftletEncoders
import SwiftletTensors

extension Trainer {
  /// Tunes the encoder, and writes it to a folder if one is given.
  ///
  /// - Parameters:
  ///   - output: the folder for checkpoints while the run goes on and for the model when it is done; absent or empty
  ///     unless the run is resumed. nil: nothing is written, ``tunedEncoder()`` gives the result.
  ///   - resumes: whether to go on from the newest checkpoint in `output`, with the same bits at the end as a run that
  ///     was never interrupted.
  ///   - companions: the names of files that the caller keeps in `checkpoints/` of `output`, as a log; they are removed
  ///     with the checkpoints once the run is complete.
  ///   - stop: asks the run to save a checkpoint and to end; an evaluation or mining that it interrupts is done when the
  ///     run is resumed.
  ///   - report: hears what happens.
  /// - Throws: ``FineTuningError``, `CheckpointStoreError`, `FileError`, or what `report` throws, after which the run can
  ///   be resumed, too.
  @discardableResult
  public func run(
    output: String? = nil, resumes: Bool = false, companions: Set<String> = [], stop: StopFlag = StopFlag(),
    report: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> FineTuningResult {
    let folder = output.map { RunFolder($0, companions: companions) }
    savedAt = nil
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
    do {
      let end = try train(store, stop, report)
      if let folder, end != .stopped { try finish(folder, end, report) }
      return result(end)
    } catch {
      // Whoever mends the cause and resumes need not wait for these updates again. But a run that diverged would get
      // past the batches at which it ends.
      if let store, progress.step > savedAt ?? 0, progress.skippedInARow < 3 { try? save(to: store) { _ in } }
      throw error
    }
  }

  /// Writes the model's folder, the weights last, then removes the checkpoints.
  private func finish(
    _ folder: RunFolder, _ end: FineTuningResult.End, _ report: (TrainingEvent) throws -> Void
  ) throws {
    let weights = best ?? weights
    try check(weights)
    let writer = ModelFolderWriter(encoder: encoder, weights: weights)
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

  /// The encoder as it was before the first update, for a run that was resumed, too. Its weights are read or drawn again.
  ///
  /// - Throws: what reading the model's folder throws.
  public func originalEncoder() throws -> SentenceEncoder {
    let (_, weights) = try Trainer.load(model, settings, weights.kernels)
    return encoder.reading(weights.forModel(on: encoder.pool))
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
      isNormalized: takesUnitVectors, valueOfCollapse: task.loss.valueOfCollapse)
    while true {
      if try evaluateIfDue(stop, report) {
        if progress.step == stepCount { return .completed }
        if runsOutOfPatience { return .ranOutOfPatience }
        let isSaveDue = progress.step > 0 && progress.step.isMultiple(of: settings.checkpointInterval)
        if let store, isSaveDue { try save(to: store, report) }
      }
      try mineIfDue(stop, report)
      if stop.isRequested {
        try store.map { try save(to: $0, report) }
        return .stopped
      }
      let step = try update()
      try report(.stepped(step))
      if let warning = detector.warning(after: step) { try report(.warned(warning)) }
    }
  }

  private var runsOutOfPatience: Bool {
    settings.patience.map { progress.evaluationsSinceBest >= $0 } ?? false
  }

  private var evaluationInterval: Int {
    settings.evaluationInterval ?? settings.stepsPerEpoch(of: source.batchesPerEpoch)
  }

  /// - Returns: false if the run was asked to stop before the evaluation was done.
  private func evaluateIfDue(_ stop: StopFlag, _ report: (TrainingEvent) throws -> Void) throws -> Bool {
    let step = progress.step
    guard let evaluator, progress.evaluatedAt != step,
      step.isMultiple(of: evaluationInterval) || step == stepCount
    else { return true }
    if step > 0 { try check(weights) }
    guard let vectors = try vectors(of: evaluator.texts, stop) else { return false }
    let evaluation = try evaluator.evaluate(vectors, on: encoder.pool)
    progress.record(evaluation)
    if progress.best?.step == step { best = weights.copy() }
    try report(.evaluated(step: step, evaluation))
    return true
  }

  /// The vectors of texts with the weights as they are now; nil if the run is asked to stop before they are there.
  func vectors(of texts: [String], _ stop: StopFlag) throws -> Tensor? {
    let textsAtATime = 256
    let encoder = current, vectors = Tensor(uninitialized: [texts.count, encoder.dimension])
    for start in stride(from: 0, to: texts.count, by: textsAtATime) {
      if stop.isRequested { return nil }
      let rows = start..<min(start + textsAtATime, texts.count)
      vectors.matrix.rows(rows).copy(from: try encoder.encode(Array(texts[rows])).tensor.matrix)
    }
    return vectors
  }
}
