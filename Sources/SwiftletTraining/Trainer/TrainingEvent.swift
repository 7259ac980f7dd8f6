// SPDX-License-Identifier: Apache-2.0

/// An event in a run of a ``Trainer``.
public enum TrainingEvent: Sendable {
  /// Training starts with `step` of `stepCount` updates done. `step` is above 0 if the run is resumed.
  case started(step: Int, stepCount: Int)
  /// An update was done or skipped.
  case stepped(StepReport)
  /// The weights were evaluated after `step` updates; 0: before the first.
  case evaluated(step: Int, Evaluation)
  /// A checkpoint was written to the disk.
  case savedCheckpoint(step: Int)
  /// A non-fatal problem, in one line.
  case warned(String)
  /// Training is done, and the model folder has all files but the weights. The caller can add its own files now, before
  /// the weights make the folder complete.
  case completing(FineTuningResult)
  /// The run has ended. This is the last event.
  case ended(FineTuningResult)
}
