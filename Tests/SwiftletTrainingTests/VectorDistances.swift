// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The length of a vector.
func norm(_ values: [Double]) -> Double {
  var sum = 0.0
  for value in values { sum += value * value }
  return sum.squareRoot()
}

/// The distance of two vectors; infinite if one is NaN or their lengths differ.
func distance(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  let distance = norm(zip(a, b).map { $0 - $1 })
  return distance.isNaN ? .infinity : distance
}

extension TrainableWeights {
  /// A parameter's numbers as they read now, row-major.
  func numbers(of parameter: Parameter) -> [Double] {
    var values: [Double] = []
    forEachPart(of: parameter) { values += $0.values.map(Double.init) }
    return values
  }
}
