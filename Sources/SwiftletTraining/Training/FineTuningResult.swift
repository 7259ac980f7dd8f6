// SPDX-License-Identifier: Apache-2.0

/// How a run of fine-tuning ended.
public struct FineTuningResult: Sendable {
  /// Why it ended.
  public enum End: Sendable, Equatable {
    /// All updates were done.
    case completed
    /// The evaluations got no better for as long as the patience lasts.
    case ranOutOfPatience
    /// The run had ended before: nothing was done.
    case alreadyFinished
  }

  /// Why it ended.
  public let end: End
  /// How many updates were done or skipped.
  public let stepCount: Int
  /// How many updates were skipped because loss or gradient were NaN or infinite.
  public let skippedSteps: Int
  /// The evaluation before the first update; nil without evaluation data.
  public let baseline: Evaluation?
  /// The best evaluation, of the weights that are kept; nil without evaluation data.
  public let best: (step: Int, evaluation: Evaluation)?
}
