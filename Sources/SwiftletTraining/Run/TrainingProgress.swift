// SPDX-License-Identifier: Apache-2.0

/// The progress of a run. Together with weights, moments and the best weights it is the whole state.
struct TrainingProgress: Sendable {
  /// The number of updates done or skipped.
  private(set) var step: Int
  /// The number of updates skipped because the loss or the gradient was not finite.
  private(set) var skipped: Int
  /// The number of consecutive updates skipped last.
  private(set) var skippedInARow: Int
  /// The time spent on updates.
  var seconds = 0.0
  /// The number of updates at the last evaluation; nil before the first.
  var evaluatedAt: Int?
  /// The evaluation before the first update.
  var baseline: Evaluation?
  /// The best evaluation since then, and its number of updates.
  var best: (step: Int, evaluation: Evaluation)?
  /// The number of evaluations since the best.
  var evaluationsSinceBest = 0

  init(step: Int = 0, skipped: Int = 0, skippedInARow: Int = 0) {
    self.step = step
    self.skipped = skipped
    self.skippedInARow = skippedInARow
  }

  /// Counts an update.
  mutating func count(_ isApplied: Bool) {
    step += 1
    skipped += isApplied ? 0 : 1
    skippedInARow = isApplied ? 0 : skippedInARow + 1
  }

  /// Records an evaluation of the current weights.
  mutating func record(_ evaluation: Evaluation) {
    evaluatedAt = step
    if step == 0 {
      baseline = evaluation
    } else if evaluation.main.value > best?.evaluation.main.value ?? -.infinity {
      best = (step, evaluation)
      evaluationsSinceBest = 0
    } else {
      evaluationsSinceBest += 1
    }
  }
}
