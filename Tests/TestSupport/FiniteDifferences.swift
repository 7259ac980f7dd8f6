// SPDX-License-Identifier: Apache-2.0

/// The gradient of a function by central differences: (f(x + h) - f(x - h)) / 2h along each of some coordinates.
///
/// The function must be computed in double. The error is about h² f‴ / 6 + rounding / h, so f‴ must be moderate.
///
/// - Parameter coordinates: by default all.
package func centralDifferences(
  of function: ([Double]) -> Double, at point: [Double], along coordinates: [Int]? = nil, step: Double = 1e-5
) -> [Double] {
  var moved = point
  return (coordinates ?? Array(point.indices)).map { coordinate in
    defer { moved[coordinate] = point[coordinate] }
    moved[coordinate] = point[coordinate] + step
    let above = function(moved)
    moved[coordinate] = point[coordinate] - step
    return (above - function(moved)) / (2 * step)
  }
}

/// ‖values - truth‖ / ‖truth‖; infinite if the lengths differ, one is NaN, or only the truth is 0.
package func relativeDistance(_ values: some Collection<Float>, _ truth: some Collection<Double>) -> Double {
  guard values.count == truth.count else { return .infinity }
  var difference = 0.0, length = 0.0
  for (value, exact) in zip(values, truth) {
    difference += (Double(value) - exact) * (Double(value) - exact)
    length += exact * exact
  }
  if difference == 0 { return 0 }
  return difference.isNaN || length == 0 ? .infinity : (difference / length).squareRoot()
}
