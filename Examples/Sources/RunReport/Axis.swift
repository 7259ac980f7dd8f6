// SPDX-License-Identifier: Apache-2.0

/// A scale from one round number to another, with ticks at multiples of 1, 2 or 5 times a power of ten.
struct Axis {
  let ticks: [Double]
  private let step: Double

  /// - Parameters:
  ///   - numbers: the numbers to cover; finite.
  ///   - count: about how many steps the ticks make.
  ///   - includesZero: whether the scale starts at 0 even if no number is near it; else it does where that takes no
  ///     more than half of the height.
  init(_ numbers: some Sequence<Double>, steps count: Int, includesZero: Bool = false) {
    var lower = numbers.min() ?? 0, upper = numbers.max() ?? 1
    if lower > 0, includesZero || lower < upper / 2 { lower = 0 }
    if upper - lower <= 1e-9 * max(abs(lower), abs(upper)) {
      (lower, upper) = upper == 0 ? (0, 1) : (min(lower, 0), max(upper, 0))
    }
    let step = Axis.roundStep(atLeast: (upper - lower) / Double(count))
    let first = (lower / step + 1e-9).rounded(.down), last = (upper / step - 1e-9).rounded(.up)
    self.step = step
    ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  var range: ClosedRange<Double> { ticks[0]...ticks[ticks.count - 1] }

  /// Where a number lies: 0 at the first tick, 1 at the last.
  func place(_ number: Double) -> Double { (number - range.lowerBound) / (range.upperBound - range.lowerBound) }

  /// A tick's number with the digits that tell it from the others.
  func label(_ tick: Double) -> String {
    let (_, exponent) = Axis.powerOfTen(below: step)
    if abs(tick) < step / 2 { return "0" }
    if exponent < -4 {
      let (power, exponent) = Axis.powerOfTen(below: abs(tick))
      return "\(decimals(tick / power, 3))e\(exponent)"
    }
    if exponent >= 0 { return abs(tick) < 1e15 ? grouped(Int(tick.rounded())) : "\(tick)" }
    return fixed(tick, -exponent)
  }

  /// Multiples of the ticks' distance around a number.
  func multiples(around center: Double, reach: Double) -> [Double] {
    let first = ((center - reach) / step).rounded(.up), last = ((center + reach) / step).rounded(.down)
    return first <= last ? (Int(first)...Int(last)).map { Double($0) * step } : []
  }

  private static func roundStep(atLeast size: Double) -> Double {
    let (power, _) = powerOfTen(below: size)
    return ([1, 2, 5].first { $0 * power >= size * (1 - 1e-9) } ?? 10) * power
  }

  /// The largest power of ten that is at most `size`.
  private static func powerOfTen(below size: Double) -> (power: Double, exponent: Int) {
    var exponent = 0, size = size * (1 + 1e-9)
    while size >= 10, exponent < 300 { (size, exponent) = (size / 10, exponent + 1) }
    while size < 1, exponent > -300 { (size, exponent) = (size * 10, exponent - 1) }
    let power = (0..<abs(exponent)).reduce(1.0) { power, _ in power * 10 }
    return (exponent < 0 ? 1 / power : power, exponent)
  }
}
