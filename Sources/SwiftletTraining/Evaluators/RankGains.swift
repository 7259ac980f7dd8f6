// SPDX-License-Identifier: Apache-2.0

/// The contribution of a relevant text at each rank to the discounted cumulative gain: 1 / log₂(rank + 1).
struct RankGains: Sendable {
  private let gains: [Double]

  /// - Parameter count: the highest rank.
  init(count: Int) { gains = (0..<count).map { 1 / binaryLogarithm(Double($0 + 2)) } }

  /// The gain of relevant texts at these ranks, added in order.
  func sum(_ ranks: some Sequence<Int>) -> Double { ranks.reduce(0) { $0 + gains[$1 - 1] } }
}

/// log₂ x of a positive number, with a relative error below 3e-16, by the same operations on each platform. Exact for
/// powers of two.
///
/// With x = 2^e m and m about 1: e + (2 / ln 2) (s + s³/3 + s⁵/5 + ...), s = (m - 1) / (m + 1).
func binaryLogarithm(_ x: Double) -> Double {
  let isLarge = x.significand > 1.4142135623730951
  let m = isLarge ? x.significand / 2 : x.significand, exponent = Double(x.exponent) + (isLarge ? 1 : 0)
  let s = (m - 1) / (m + 1)  // at most 0.172: twelve terms are enough
  let series = stride(from: 23, through: 1, by: -2).reduce(0) { $0 * (s * s) + 1 / Double($1) }
  return exponent + 2.8853900817779268 * s * series
}
