// SPDX-License-Identifier: Apache-2.0

/// The result of a run of fine-tuning.
public struct FineTuningResult: Sendable {
  /// Why the run ended.
  public enum End: Sendable, Equatable {
    /// All updates were done.
    case completed
    /// The evaluations did not improve within the patience.
    case ranOutOfPatience
    /// The run was complete already, and nothing was done.
    case alreadyFinished
  }

  /// Why the run ended.
  public let end: End
  /// The number of updates done or skipped.
  public let stepCount: Int
  /// The number of updates skipped because the loss or the gradient was NaN or infinite.
  public let skippedSteps: Int
  /// The evaluation before the first update; nil without evaluation data.
  public let baseline: Evaluation?
  /// The best evaluation, which is that of the saved weights; nil without evaluation data.
  public let best: (step: Int, evaluation: Evaluation)?
}
