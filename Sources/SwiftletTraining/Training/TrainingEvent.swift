// SPDX-License-Identifier: Apache-2.0

/// What happens in a run of a ``Trainer``.
public enum TrainingEvent: Sendable {
  /// Training starts with `step` updates done of `stepCount`; more than 0 where a run is resumed.
  case started(step: Int, stepCount: Int)
  /// An update was done, or skipped.
  case stepped(StepReport)
  /// The evaluation data was scored after `step` updates; 0: before the first.
  case evaluated(step: Int, Evaluation)
  /// A checkpoint is safe on the disk.
  case savedCheckpoint(step: Int)
  /// A non-fatal problem, in a line.
  case warned(String)
  /// Training is done, and the model's folder has all but its weights, which make it complete: what else belongs into
  /// it is to be written now.
  case completing(FineTuningResult)
  /// The run has ended: the last event.
  case ended(FineTuningResult)
}
