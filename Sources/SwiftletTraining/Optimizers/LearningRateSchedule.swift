// SPDX-License-Identifier: Apache-2.0

/// The multiplier of the base learning rate in each step: it rises to 1 during the warm-up, then falls.
///
/// With S steps of which w warm up, the factor of step s, counted from 0, is (s + 1) / w below w; from there on it is
/// (S - s) / (S - w), or (1 + cos(pi (s - w) / (S - w))) / 2, or 1. In double, by the same operations on each platform.
package struct LearningRateSchedule: Sendable, Equatable {
  /// How the rate goes on after the warm-up.
  package let decay: FineTuningSettings.Schedule
  /// S: the number of steps.
  package let stepCount: Int
  /// w: the number of warm-up steps.
  package let warmupStepCount: Int

  /// - Parameter warmupStepCount: at least 1. With 1 the first step has the full rate.
  package init(_ decay: FineTuningSettings.Schedule, stepCount: Int, warmupStepCount: Int) {
    precondition(stepCount > 0, "a schedule needs a step")
    precondition(warmupStepCount > 0, "the first step belongs to the warm-up")
    self.decay = decay
    self.stepCount = stepCount
    self.warmupStepCount = warmupStepCount
  }

  /// - Parameter warmupRatio: w / S. The number of warm-up steps is rounded down and at least 1.
  package init(_ decay: FineTuningSettings.Schedule, stepCount: Int, warmupRatio: Double) {
    precondition(warmupRatio >= 0 && warmupRatio <= 1, "a warm-up ratio lies from 0 to 1")
    let warmup = (warmupRatio * Double(stepCount)).rounded(.down)
    self.init(decay, stepCount: stepCount, warmupStepCount: max(1, Int(warmup)))
  }

  /// The factor of a step, counted from 0. After the last step it is 0, or 1 if the schedule is constant.
  package func factor(atStep step: Int) -> Double {
    precondition(step >= 0, "no step \(step)")
    if step < warmupStepCount { return Double(step + 1) / Double(warmupStepCount) }
    if decay == .constant { return 1 }
    if step >= stepCount { return 0 }
    let fallingSteps = Double(stepCount - warmupStepCount)
    return switch decay {
    case .linear: Double(stepCount - step) / fallingSteps
    case .cosine: 0.5 * (1 + cosineOfHalfTurns(Double(step - warmupStepCount) / fallingSteps))
    case .constant: 1
    }
  }
}

/// cos(pi t) for t from 0 to 1, with an error below 2e-16 of the largest value, 1.
///
/// Symmetry reduces t to at most a quarter, where the series of cosine and sine need nine terms.
func cosineOfHalfTurns(_ t: Double) -> Double {
  if t > 0.5 { return -cosineOfHalfTurns(1 - t) }
  let isSine = t > 0.25
  let x = Double.pi * (isSine ? 0.5 - t : t)
  let last = isSine ? 17 : 16
  // 1 - x^2/(1 2) (1 - x^2/(3 4) (1 - ...)), or for the sine x (1 - x^2/(2 3) (1 - x^2/(4 5) (1 - ...))).
  var sum = 1.0
  for k in stride(from: last, to: 1, by: -2) { sum = 1 - x * x / Double(k * (k - 1)) * sum }
  return isSine ? x * sum : sum
}
