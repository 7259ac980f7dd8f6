// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletFiles

extension TrainingState {
  private static let stateName = "state.safetensors"
  private static let bestName = "best.safetensors"

  /// Saves a checkpoint, unless the newest one has the same step.
  func save(to store: CheckpointStore) throws {
    if savedAt == progress.step { return }
    try check(weights)
    let tensors = StateTensors(weights: weights, optimizer: optimizer)
    let bestTensors = best.map { StateTensors(weights: $0, optimizer: nil) }
    let state: JSONObject = [
      "run": .object(description.json), "progress": .object(progress.json),
      "optimizer_steps": .number(JSONNumber(optimizer.stepCount)),
      "warmup_steps": .number(JSONNumber(schedule.warmupStepCount)),
      "mined_at": .number(JSONNumber(minedAt)), "hard_negatives": source.hardNegatives?.json ?? .null,
      "tables": .object(tensors.tables), "best_tables": bestTensors.map { .object($0.tables) } ?? .null,
    ]
    try store.save(
      step: progress.step, byteCount: tensors.byteCount + (bestTensors?.byteCount ?? 0), state: state
    ) { folder in
      try tensors.write(to: joinPath(folder, TrainingState.stateName))
      try bestTensors?.write(to: joinPath(folder, TrainingState.bestName))
    }
    savedAt = progress.step
    events.append(.savedCheckpoint(step: progress.step))
  }

  /// Loads the newest undamaged checkpoint, or starts from the beginning if there is none. False if so.
  ///
  /// - Throws: ``FineTuningError`` if the checkpoint is of another run; ``StateError``; `FileError`.
  func resume(from store: CheckpointStore) throws -> Bool {
    let (checkpoint, damage) = try store.newest()
    events += damage.map { .warned("\($0)") }
    guard let checkpoint else {
      events.append(.warned("\(escaped(store.folder)): no checkpoint to resume; training starts at step 0"))
      return false
    }
    try load(checkpoint)
    return true
  }

  /// Loads the checkpoint that the first process of the group has loaded.
  func follow(_ step: Int, in folder: RunFolder) throws {
    do {
      try load(CheckpointStore.checkpoint(step, in: folder.checkpoints))
    } catch {
      throw TrainingGroupError.noSharedFolder(rank: group.rank, place: group.place, cause: "\(error)")
    }
  }

  private func load(_ checkpoint: CheckpointStore.Checkpoint) throws {
    let state = checkpoint.state
    func damaged(_ name: String) -> StateError { StateError(path: checkpoint.folder, name: name) }
    guard let run = state["run"]?.object else { throw damaged("run") }
    guard let steps = state["optimizer_steps"]?.int, steps >= 0 else { throw damaged("optimizer_steps") }
    guard let warmup = state["warmup_steps"]?.int, warmup > 0 else { throw damaged("warmup_steps") }
    guard let progress = state["progress"]?.object.flatMap(TrainingProgress.init) else { throw damaged("progress") }
    try check(against: RunDescription(run))
    guard 0...stepCount ~= progress.step else { throw damaged("progress") }

    schedule = LearningRateSchedule(settings.schedule, stepCount: stepCount, warmupStepCount: warmup)
    optimizer = try AdamW(settings.optimizer, for: weights.layout, stepCount: steps)
    let initial = weights
    weights = try StateTensors.read(
      joinPath(checkpoint.folder, TrainingState.stateName), tables: state["tables"]?.object ?? [:], like: initial,
      into: optimizer)
    best = try state["best_tables"]?.object.map {
      try StateTensors.read(joinPath(checkpoint.folder, TrainingState.bestName), tables: $0, like: weights, into: nil)
    }
    minedAt = state["mined_at"]?.int ?? 0
    source.hardNegatives = state["hard_negatives"].flatMap(HardNegatives.init)
    source.advance(to: progress.step * settings.accumulation)
    self.progress = progress
    savedAt = progress.step
  }

  /// Requires an unchanged description, except that a run with a constant learning rate may have more updates.
  private func check(against earlier: RunDescription) throws {
    let differences = description.differences(from: earlier).filter { difference in
      let isLonger =
        difference.name == RunDescription.stepsName && Int(difference.earlier).map { $0 <= stepCount } ?? false
      return !(isLonger && settings.schedule == .constant)
    }
    guard differences.isEmpty else { throw FineTuningError.differentRun(fields: differences.map(\.description)) }
  }
}
