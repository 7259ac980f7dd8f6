// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// The plane on which vectors differ most: that of their first two principal components.
///
/// With rows x and their mean m, the components are the eigenvectors of C = 1/n Σ (x - m)ᵀ (x - m) with the largest
/// eigenvalues, found by orthogonal iteration: V = orthonormal columns of C V, until V no longer turns. The first steps
/// are from fixed numbers, so that the same vectors give the same plane. An axis has no direction of its own: the
/// component's largest number is positive, as scikit-learn has it.
struct PrincipalPlane {
  /// Each row's place: its difference from the mean along both components.
  private(set) var points: [(x: Double, y: Double)]
  /// Which part of the variance lies along each component.
  let shares: (x: Double, y: Double)

  private static let mostIterations = 1000

  /// - Complexity: rows x dimension² operations, and dimension² for each iteration.
  init(_ rows: [[Double]]) {
    let dimension = rows.first?.count ?? 0, centered = PrincipalPlane.centered(rows)
    let covariance = PrincipalPlane.covariance(of: centered, dimension)
    func scaled(_ vector: [Double]) -> [Double] {  // C v; each row is its column, too
      var result = [Double](repeating: 0, count: dimension)
      for (index, factor) in vector.enumerated() { result.add(factor, times: covariance[index]) }
      return result
    }
    var random: UInt64 = 1
    var components = (0..<2).map { _ in
      (0..<dimension).map { _ in
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(random >> 11) * 0x1p-53 - 0.5
      }
    }
    for _ in 0..<PrincipalPlane.mostIterations {
      var first = scaled(components[0]), second = scaled(components[1])
      first.scaleToUnitLength()
      for _ in 0..<2 {  // Once would leave rounding alone where there is no second direction.
        second.add(-second.dot(first), times: first)
        second.scaleToUnitLength()
      }
      let isSettled = zip(first + second, components[0] + components[1]).allSatisfy { abs($0 - $1) < 1e-12 }
      components = [first, second]
      if isSettled { break }
    }
    for index in components.indices {
      let largest = components[index].max { abs($0) < abs($1) } ?? 0
      if largest < 0 { components[index] = components[index].map { -$0 } }
    }
    points = centered.map { ($0.dot(components[0]), $0.dot(components[1])) }
    let total = covariance.indices.reduce(0) { $0 + covariance[$1][$1] }
    let variances = components.map { total > 0 ? scaled($0).dot($0) / total : 0 }
    shares = (variances[0], variances[1])
  }

  /// The same plane, its axes turned round where that brings the points nearer to their places on another one: neither
  /// direction is more right than the other, but this one is easier to compare.
  func oriented(like other: PrincipalPlane) -> PrincipalPlane {
    let pairs = zip(points, other.points)
    let signX: Double = pairs.reduce(0) { $0 + $1.0.x * $1.1.x } < 0 ? -1 : 1
    let signY: Double = pairs.reduce(0) { $0 + $1.0.y * $1.1.y } < 0 ? -1 : 1
    var oriented = self
    oriented.points = points.map { (signX * $0.x, signY * $0.y) }
    return oriented
  }

  private static func centered(_ rows: [[Double]]) -> [[Double]] {
    guard let first = rows.first else { return [] }
    var sum = [Double](repeating: 0, count: first.count)
    for row in rows { sum.add(1, times: row) }
    return rows.map { row in zip(row, sum).map { $0 - $1 / Double(rows.count) } }
  }

  private static func covariance(of centered: [[Double]], _ dimension: Int) -> [[Double]] {
    var covariance = Array(repeating: [Double](repeating: 0, count: dimension), count: dimension)
    for row in centered {
      for (index, factor) in row.enumerated() { covariance[index].add(factor / Double(centered.count), times: row) }
    }
    return covariance
  }
}

extension [Double] {
  fileprivate func dot(_ other: [Double]) -> Double { zip(self, other).reduce(0) { $0 + $1.0 * $1.1 } }

  fileprivate mutating func add(_ factor: Double, times other: [Double]) {
    withUnsafeMutableBufferPointer { target in
      other.withUnsafeBufferPointer { source in
        for index in 0..<Swift.min(target.count, source.count) { target[index] += factor * source[index] }
      }
    }
  }

  /// A vector of zeros stays one.
  fileprivate mutating func scaleToUnitLength() {
    let length = dot(self).squareRoot()
    if length > 1e-300 { for index in indices { self[index] /= length } }
  }
}
