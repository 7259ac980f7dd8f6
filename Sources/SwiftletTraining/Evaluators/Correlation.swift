// SPDX-License-Identifier: Apache-2.0

/// Pearson's correlation, -1 to 1: Σ (x - mean x)(y - mean y) / sqrt(Σ (x - mean x)² Σ (y - mean y)²).
///
/// NaN if it is undefined because all x or all y are equal.
package func pearson(_ x: [Double], _ y: [Double]) -> Double {
  precondition(x.count == y.count, "\(x.count) numbers and \(y.count)")
  guard x.contains(where: { $0 != x[0] }), y.contains(where: { $0 != y[0] }) else { return .nan }
  let x = deviations(x), y = deviations(y)
  let correlation = dot(x, y) / (dot(x, x).squareRoot() * dot(y, y).squareRoot())
  return max(-1, min(1, correlation))
}

/// Spearman's rank correlation, -1 to 1: Pearson's of the ranks. Equal numbers share the mean of their ranks.
///
/// NaN if it is undefined because all x or all y are equal.
package func spearman(_ x: [Double], _ y: [Double]) -> Double { pearson(ranks(x), ranks(y)) }

private func deviations(_ x: [Double]) -> [Double] {
  let mean = x.reduce(0, +) / Double(x.count)
  return x.map { $0 - mean }
}

private func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }

/// The ranks of numbers, from 0. Equal numbers share the mean of their ranks.
private func ranks(_ x: [Double]) -> [Double] {
  let order = x.indices.sorted { x[$0] < x[$1] }
  var ranks = [Double](repeating: 0, count: x.count), start = 0
  while start < order.count {
    let end = order[start...].firstIndex { x[$0] > x[order[start]] } ?? order.count
    for index in order[start..<end] { ranks[index] = Double(start + end - 1) / 2 }
    start = end
  }
  return ranks
}
