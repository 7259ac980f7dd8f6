// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletTensors

/// The stages of a run. Each call of ``advance(_:)`` continues until there is an event.
extension TrainingState {
  /// The next action of a run.
  enum Stage {
    case counting
    case evaluating
    case saving
    case mining
    case updating
    /// The weights are final, and the model folder is written if there is one.
    case writingConfiguration(FineTuningResult.End)
    case writingWeights(FineTuningResult.End)
    case ended
  }

  /// Locks the run's folder, and loads its newest checkpoint if the run is resumed.
  ///
  /// - Throws: ``FineTuningError`` if the folder contains something else; ``TrainingGroupError``.
  func begin(_ folder: RunFolder?, resumes: Bool, _ group: any TrainingGroup) throws {
    savedAt = nil
    self.group = group
    try group.requireSame(description.text) { first, other in
      RunDescription(text: other).differences(from: RunDescription(text: first)).map(\.description)
    }
    let start = try group.first { try folder.map { try open($0, resumes: resumes) } ?? "" }
    if start == Start.finished { return end(.alreadyFinished) }
    events.insert(contentsOf: warnings.map(TrainingEvent.warned), at: 0)
    if !group.isFirst, let folder, let step = Int(start) { try follow(step, in: folder) }
    detector = CollapseDetector(isNormalized: takesUnitVectors, valueOfCollapse: task.loss.valueOfCollapse)
    stage = .counting
    events.append(.started(step: progress.step, stepCount: stepCount))
  }

  /// What the first process tells the others about the folder. A number is the step of the checkpoint that it loaded.
  private enum Start {
    static let finished = "finished", new = "new"
  }

  private func open(_ folder: RunFolder, resumes: Bool) throws -> String {
    let status = try folder.status()
    if status == .finished, resumes {
      try folder.removeCheckpoints()
      return Start.finished
    }
    guard status == .empty || status == .unfinished && resumes else {
      throw FineTuningError.outputNotEmpty(path: folder.path, holdsRun: status == .unfinished)
    }
    self.folder = folder
    let store = try CheckpointStore(folder: folder.checkpoints)
    self.store = store
    // Only after the folder is locked.
    try folder.removeTemporaries()
    return try resumes && resume(from: store) ? "\(progress.step)" : Start.new
  }

  /// Continues until there is an event, or the run has ended.
  ///
  /// - Parameter stop: interrupts evaluations and mining, and ends the run before the next update.
  /// - Throws: `CancellationError` if the run is stopped, after saving a checkpoint. The run can be resumed after any
  ///   error.
  func advance(_ stop: StopFlag) throws {
    do {
      while events.isEmpty, let stage { try advance(from: stage, stop) }
    } catch let error as CancellationError {
      if let store { try save(to: store) }
      throw error
    } catch {
      saveAfterFailure()
      throw error
    }
  }

  /// Saves a checkpoint after a failure, so that a resumed run need not repeat updates. A run that diverged is not
  /// saved: the resumed run would skip the batches that made it diverge.
  func saveAfterFailure() {
    if let store, progress.step > savedAt ?? 0, progress.skippedInARow < 3 { try? save(to: store) }
  }

  /// Releases the folder, whether the run has ended or not.
  func leave() {
    stage = nil
    folder = nil
    store = nil
  }

  private func advance(from stage: Stage, _ stop: StopFlag) throws {
    switch stage {
    case .counting:
      try countTruncatedTexts(stop)
      self.stage = .evaluating
    case .evaluating:
      try evaluateIfDue(stop)
      if progress.step == stepCount {
        self.stage = .writingConfiguration(.completed)
      } else if runsOutOfPatience {
        self.stage = .writingConfiguration(.ranOutOfPatience)
      } else {
        self.stage = .saving
      }
    case .saving:
      let isDue = progress.step > 0 && progress.step.isMultiple(of: settings.checkpointInterval)
      if isDue { try asFirst { if let store { try save(to: store) } } }
      self.stage = .mining
    case .mining:
      try mineIfDue(stop)
      self.stage = .updating
    case .updating:
      try check(stop)
      let step = try update()
      events.append(.stepped(step))
      if let warning = detector.warning(after: step) { events.append(.warned(warning)) }
      self.stage = .evaluating
    case .writingConfiguration(let end):
      try asFirst {
        guard let folder else { return }
        let weights = best ?? weights
        try check(weights)
        try ModelFolderWriter(encoder: encoder, weights: weights).writeConfiguration(to: folder.path)
        events.append(.completing(result(end)))
      }
      self.stage = .writingWeights(end)
    case .writingWeights(let end):
      try asFirst {
        guard let folder else { return }
        try ModelFolderWriter(encoder: encoder, weights: best ?? weights).writeWeights(to: folder)
        try folder.removeCheckpoints()
      }
      self.end(end)
    case .ended: self.stage = nil
    }
  }

  /// Runs `body` in the first process only, which has the folder. Its error is thrown in all processes.
  private func asFirst(_ body: () throws -> Void) throws {
    _ = try group.first {
      try body()
      return ""
    }
  }

  /// Ends the run in all processes if it was stopped in any.
  ///
  /// - Throws: `CancellationError`
  func check(_ stop: StopFlag) throws {
    if try group.isTrueAnywhere(stop.isRequested) { throw CancellationError() }
  }

  private func end(_ end: FineTuningResult.End) {
    events.append(.ended(result(end)))
    stage = .ended
  }

  private func result(_ end: FineTuningResult.End) -> FineTuningResult {
    FineTuningResult(
      end: end, stepCount: progress.step, skippedSteps: progress.skipped, baseline: progress.baseline,
      best: progress.best)
  }

  /// - Throws: ``FineTuningError`` if the weights or their vectors are not finite.
  func check(_ weights: TrainableWeights) throws {
    if let parameter = weights.firstNonFinite() {
      throw FineTuningError.nonFiniteWeights(parameter: parameter.name, step: progress.step)
    }
    let vector = try vectors(of: [EncoderInput("a", pair: task.modelKind == .crossEncoder ? "b" : nil)], weights)
    guard vector.values.allSatisfy(\.isFinite) else { throw FineTuningError.nonFiniteVectors(step: progress.step) }
  }

  private var runsOutOfPatience: Bool {
    settings.patience.map { progress.evaluationsSinceBest >= $0 } ?? false
  }

  private var evaluationInterval: Int {
    settings.evaluationInterval ?? settings.stepsPerEpoch(of: source.batchesPerEpoch)
  }

  private func evaluateIfDue(_ stop: StopFlag) throws {
    let step = progress.step
    guard let evaluator, progress.evaluatedAt != step,
      step.isMultiple(of: evaluationInterval) || step == stepCount
    else { return }
    if step > 0 { try check(weights) }
    let evaluation = try evaluator.evaluate(vectors(of: evaluator.inputs, stop), on: encoder.pool)
    progress.record(evaluation)
    if progress.best?.step == step { best = weights.copy() }
    events.append(.evaluated(step: step, evaluation))
    events += evaluation.warnings.map { .warned("evaluation after step \(step): \($0)") }
  }

  /// Computes the vectors of texts or the logits of pairs with the current weights, a few at a time.
  ///
  /// - Throws: `CancellationError` if the run is stopped before it is done.
  func vectors(of inputs: [EncoderInput], _ stop: StopFlag) throws -> Tensor {
    let inputsAtATime = 256, weights = weights.forModel(on: encoder.pool)
    let vectors = Tensor(uninitialized: [inputs.count, reader.dimension])
    for start in stride(from: 0, to: inputs.count, by: inputsAtATime * group.count) {
      try check(stop)
      let shares = (0..<group.count).map { rank in
        let first = start + rank * inputsAtATime
        return min(first, inputs.count)..<min(first + inputsAtATime, inputs.count)
      }
      let own = shares[group.rank]
      if !own.isEmpty {
        let part = try reader.vectors(of: Array(inputs[own]), weights: weights)
        vectors.matrix.rows(own).copy(from: part.matrix)
      }
      try group.gather(shares.map { [$0] }, of: vectors)
    }
    return vectors
  }
}
