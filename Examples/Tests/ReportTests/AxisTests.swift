// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RunReport

struct AxisTests {
  @Test(
    arguments: [
      ([0.13, 0.79], 4, ["0", "0.2", "0.4", "0.6", "0.8"]),
      ([0.91, 0.99], 4, ["0.90", "0.92", "0.94", "0.96", "0.98", "1.00"]),
      ([0.0, 180], 5, ["0", "50", "100", "150", "200"]),
      ([0.0, 2e-5], 4, ["0", "5e-6", "1e-5", "1.5e-5", "2e-5"]),
      ([-0.3, 0.4], 4, ["-0.4", "-0.2", "0", "0.2", "0.4"]),
      ([4000, 21_000], 4, ["0", "10,000", "20,000", "30,000"]),
      ([3.0, 3], 4, ["0", "1", "2", "3"]),
    ] as [([Double], Int, [String])])
  func ticksAreRoundNumbers(numbers: [Double], steps: Int, labels: [String]) {
    let axis = Axis(numbers, steps: steps)
    #expect(axis.ticks.map(axis.label) == labels)
    #expect(numbers.map(axis.place).allSatisfy { $0 > -1e-9 && $0 < 1 + 1e-9 })
  }

  @Test func placesGoFromTheFirstTickToTheLast() {
    let axis = Axis([1, 3], steps: 4)
    #expect(axis.range == 0...3 && axis.place(0) == 0 && axis.place(3) == 1 && axis.place(1.5) == 0.5)
    #expect(Axis([0.9, 1], steps: 4, includesZero: true).range.lowerBound == 0)
  }

  @Test(arguments: [[], [0], [0, 0], [1e-305, 1e-303], [-1e300, 1e300], [1e15, 1e15 + 1]] as [[Double]])
  func anyNumbersHaveAnAxis(numbers: [Double]) {
    let axis = Axis(numbers, steps: 4)
    #expect(axis.ticks.count >= 2 && axis.ticks.count < 20 && axis.ticks.map(axis.label).allSatisfy { $0.count < 30 })
  }

  @Test func multiplesAreAroundANumber() {
    #expect(Axis([0, 1], steps: 5).multiples(around: 0.5, reach: 0.35) == [0.2, 0.4, 0.6000000000000001, 0.8])
  }

  @Test func numbersAreWrittenAsPeopleReadThem() {
    #expect(decimals(1.5, 2) == "1.5" && decimals(-0.004, 2) == "0" && decimals(100, 2) == "100")
    #expect(fixed(0.68749, 4) == "0.6875" && fixed(-2, 1) == "-2.0" && fixed(.nan, 1) == "nan")
    #expect(grouped(999) == "999" && grouped(-1_234_567) == "-1,234,567")
    #expect(counted(1, "text") == "1 text" && counted(2000, "text") == "2,000 texts" && percent(0.0567) == "5.7%")
  }
}
