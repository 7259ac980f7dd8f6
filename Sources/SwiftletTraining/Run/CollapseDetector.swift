// SPDX-License-Identifier: Apache-2.0

/// Detects from the figures of updates that training makes no progress.
package struct CollapseDetector {
  /// Whether vectors have unit length.
  let isNormalized: Bool

  /// The loss if all vectors are equal, for example the margin; nil if it is unknown.
  let valueOfCollapse: Float?

  private var collapsedSteps = 0
  private var fullyActiveSteps = 0

  package init(isNormalized: Bool, valueOfCollapse: Float?) {
    self.isNormalized = isNormalized
    self.valueOfCollapse = valueOfCollapse
  }

  /// A warning if its cause has lasted long enough. It is given once, until the cause occurs again.
  package mutating func warning(after report: TrainingEvent.StepReport) -> String? {
    guard !report.isSkipped else { return nil }
    collapsedSteps = isCollapsed(report) ? collapsedSteps + 1 : 0
    fullyActiveSteps = isNormalized && report.statistics.activeFraction == 1 ? fullyActiveSteps + 1 : 0
    if collapsedSteps == 3 {
      return "step \(report.step): the embedding has collapsed: all vectors are nearly equal, and the loss stays at "
        + "\(report.loss), the value that equal vectors have; lower the learning rate, or use another loss"
    }
    // Unit vectors are at most 2 apart and rarely reach a margin above 1. Smaller margins may take longer to reach.
    let patience = valueOfCollapse.map { $0 > 1 } ?? false ? 20 : 100
    if fullyActiveSteps == patience {
      return "step \(report.step): every triplet has been active for \(patience) steps: no text is nearer to its own "
        + "label than to others by the margin; unit vectors are at most 2 apart, 0.3 is usual"
    }
    return nil
  }

  private func isCollapsed(_ report: TrainingEvent.StepReport) -> Bool {
    guard let value = valueOfCollapse, let positive = report.statistics.hardestPositive,
      let negative = report.statistics.hardestNegative
    else { return false }
    return max(positive, negative) < 0.02 * value && abs(report.loss - value) < 0.05 * value
  }
}
