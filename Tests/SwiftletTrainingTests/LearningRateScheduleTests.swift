// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

@testable import SwiftletTraining

struct LearningRateScheduleTests {
  @Test func factorsAreTheFormulas() throws {
    let cases = try JSONParser.parse(path: fixture("optimizer/schedules.json"), limit: 1 << 20).array ?? []
    #expect(cases.count == 18)
    for case .object(let golden) in cases {
      let name = try #require(golden["decay"]?.string),
        decay = try #require(FineTuningSettings.Schedule(rawValue: name))
      let steps = try #require(golden["steps"]?.int), ratio = try #require(golden["warmup_ratio"]?.double)
      let schedule = LearningRateSchedule(decay, stepCount: steps, warmupRatio: ratio)
      #expect(schedule.warmupStepCount == golden["warmup_steps"]?.int)
      let expected = golden["factors"]?.array?.compactMap(\.double) ?? []
      #expect(expected.count == steps)
      for (step, factor) in expected.enumerated() {
        #expect(abs(schedule.factor(atStep: step) - factor) <= (decay == .cosine ? 1.2e-16 : 0))
      }
    }
  }

  @Test func goesOnAfterTheLastStep() {
    #expect(LearningRateSchedule(.constant, stepCount: 10, warmupRatio: 0.1).factor(atStep: 1000) == 1)
    #expect(LearningRateSchedule(.linear, stepCount: 10, warmupRatio: 0.1).factor(atStep: 10) == 0)
    #expect(LearningRateSchedule(.cosine, stepCount: 10, warmupRatio: 1).factor(atStep: 10) == 0)
  }

  @Test func cosineIsExactToADoublesRounding() {
    // The C library's cosine of pi t has the error of rounding pi t, which is up to 2e-16 here.
    for i in 0...100_000 {
      let t = Double(i) / 100_000
      #expect(abs(cosineOfHalfTurns(t) - cos(Double.pi * t)) <= 4e-16)
    }
    #expect(cosineOfHalfTurns(0) == 1)
    #expect(cosineOfHalfTurns(0.5) == 0)
    #expect(cosineOfHalfTurns(1) == -1)
  }
}
