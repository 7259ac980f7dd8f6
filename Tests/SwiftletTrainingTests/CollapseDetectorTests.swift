// SPDX-License-Identifier: Apache-2.0

import SwiftletTraining
import Testing

@Suite struct CollapseDetectorTests {
  private func report(
    _ step: Int, loss: Float, positive: Float, negative: Float, active: Float, isSkipped: Bool = false
  ) -> TrainingEvent.StepReport {
    TrainingEvent.StepReport(
      step: step, epoch: 0, loss: loss,
      statistics: BatchStatistics(activeFraction: active, hardestPositive: positive, hardestNegative: negative),
      gradientNorm: 1, learningRate: 1, tokensPerSecond: 1, seconds: 1, isSkipped: isSkipped)
  }

  /// The warnings of a detector, by step.
  private func warnings(
    isNormalized: Bool = true, valueOfCollapse: Float? = 0.3, _ reports: [TrainingEvent.StepReport]
  ) -> [Int: String] {
    var detector = CollapseDetector(isNormalized: isNormalized, valueOfCollapse: valueOfCollapse)
    var warnings: [Int: String] = [:]
    for report in reports { warnings[report.step] = detector.warning(after: report) }
    return warnings
  }

  @Test(arguments: [Float(0.3), 5, 0.6931472]) func lossOfEqualVectors(value: Float) {
    let found = warnings(
      valueOfCollapse: value,
      (1...9).map { report($0, loss: value * 1.01, positive: 1e-3 * value, negative: 2e-3 * value, active: 0.9) })
    #expect(found.keys.sorted() == [3])
    #expect(found[3]?.contains("collapsed") == true)
  }

  @Test func collapseThatComesBackIsSaidAgain() {
    let found = warnings(
      (1...12).map { report($0, loss: $0 == 6 ? 0.1 : 0.3, positive: 1e-4, negative: 1e-4, active: 0.9) })
    #expect(found.keys.sorted() == [3, 9])
  }

  @Test func hardBatchesAreNoCollapse() {
    #expect(warnings((1...9).map { report($0, loss: 0.3, positive: 1, negative: 1, active: 0.9) }).isEmpty)
    #expect(
      warnings(
        valueOfCollapse: nil, (1...9).map { report($0, loss: 0.3, positive: 0, negative: 0, active: 0.9) }
      ).isEmpty)
  }

  @Test func marginThatUnitVectorsCannotMeet() {
    let reports = (1...60).map { report($0, loss: 4, positive: 1, negative: 2, active: 1) }
    #expect(warnings(valueOfCollapse: 5, reports).keys.sorted() == [20])
    let long = (1...200).map { report($0, loss: 0.4, positive: 1, negative: 1, active: 1) }
    #expect(warnings(valueOfCollapse: 0.3, long).keys.sorted() == [100])
    #expect(warnings(isNormalized: false, valueOfCollapse: 5, reports).isEmpty)
    let almost = (1...60).map { report($0, loss: 4, positive: 1, negative: 2, active: $0 % 15 == 0 ? 0.99 : 1) }
    #expect(warnings(valueOfCollapse: 5, almost).isEmpty)
  }

  @Test func skippedUpdatesSayNothing() {
    let reports = (1...9).map {
      report($0, loss: 0.3, positive: 0, negative: 0, active: 1, isSkipped: true)
    }
    #expect(warnings(reports).isEmpty)
  }
}
