// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import TestSupport

/// Rows of the kinds that make a first pass by codes hard.
enum RowKind: String, CaseIterable, Sendable {
  case units, clustered, duplicated, zeros, hugeNorms, tinyNorms, oneLargeElement, equal, mixed

  func rows(_ count: Int, dimension: Int, seed: UInt64) -> [[Float]] {
    var random = SplitMix64(seed: seed)
    func gaussian() -> Float {
      (0..<4).reduce(0) { sum, _ in sum + Float.random(in: -1...1, using: &random) }
    }
    func unit() -> [Float] {
      let row = (0..<dimension).map { _ in gaussian() }
      let length = max(row.reduce(0) { $0 + $1 * $1 }.squareRoot(), .leastNormalMagnitude)
      return row.map { $0 / length }
    }
    let centers = (0..<8).map { _ in unit() }
    func row(_ kind: RowKind, _ index: Int) -> [Float] {
      switch kind {
      case .units: return unit()
      case .clustered: return zip(centers[index % 8], unit()).map { $0 + 0.05 * $1 }
      case .duplicated: return centers[index % 8]
      case .zeros: return index % 3 == 0 ? [Float](repeating: index % 2 == 0 ? 0 : -0.0, count: dimension) : unit()
      case .hugeNorms: return unit().map { $0 * Float(sign: .plus, exponent: 50 - index % 90, significand: 1) }
      case .tinyNorms: return unit().map { $0 * Float(sign: .plus, exponent: -140 + index % 60, significand: 1) }
      case .oneLargeElement:
        var row = unit()
        row[index % dimension] = index % 2 == 0 ? 100 : -30
        return row
      case .equal: return centers[0]
      case .mixed: return row(RowKind.allCases[index % (RowKind.allCases.count - 1)], index)
      }
    }
    return (0..<count).map { row(self, $0) }
  }
}

/// The dot product of two rows as `swlt_kernels.dot` defines it: 16 lanes, then one fixed tree.
func laneDot(_ x: [Float], _ y: [Float]) -> Float {
  var lanes = [Float](repeating: 0, count: 16)
  for index in x.indices { lanes[index % 16] = lanes[index % 16].addingProduct(x[index], y[index]) }
  var width = 8
  while width >= 1 {
    for lane in 0..<width { lanes[lane] += lanes[lane + width] }
    width /= 2
  }
  return lanes[0]
}
