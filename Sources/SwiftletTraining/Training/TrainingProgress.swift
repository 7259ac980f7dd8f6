// SPDX-License-Identifier: Apache-2.0

/// How far a run has come: with weights, moments and the best weights all that it takes to go on.
struct TrainingProgress: Sendable {
  /// Updates done or skipped.
  private(set) var step: Int
  /// Updates skipped because loss or gradient were not finite.
  private(set) var skipped: Int
  /// Those among the last updates, without one done between.
  private(set) var skippedInARow: Int
  /// Time spent on updates.
  var seconds = 0.0
  /// After how many updates the last evaluation was; nil before the first.
  var evaluatedAt: Int?
  /// The score before the first update.
  var baseline: Evaluation?
  /// The best score since, and after how many updates.
  var best: (step: Int, evaluation: Evaluation)?
  /// How many evaluations there were since the best.
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

  /// Takes the score of the weights as they are now.
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
