// SPDX-License-Identifier: Apache-2.0

/// A drawing of a plane, its axes with the part of the variance along each.
struct PlanePicture {
  private let name: String
  private let plane: PrincipalPlane
  /// How long a unit is.
  private let scale: Double
  private let centerX: Double, centerY: Double

  private static let width = 400.0, height = 376.0
  private static let left = 40.0, right = 396.0, top = 4.0, bottom = 336.0
  /// Room around the points.
  private static let margin = 12.0

  init(name: String, plane: PrincipalPlane, scale: Double) {
    (self.name, self.plane, self.scale) = (name, plane, scale)
    let (x, y) = PlanePicture.extents(of: plane)
    (centerX, centerY) = ((x.lowerBound + x.upperBound) / 2, (y.lowerBound + y.upperBound) / 2)
  }

  /// The largest scale at which all points of a plane are within the frame.
  static func scale(for plane: PrincipalPlane) -> Double {
    let (x, y) = extents(of: plane), room = 2 * margin
    return min(
      (right - left - room) / max(x.upperBound - x.lowerBound, 1e-6),
      (bottom - top - room) / max(y.upperBound - y.lowerBound, 1e-6))
  }

  private static func extents(of plane: PrincipalPlane) -> (x: ClosedRange<Double>, y: ClosedRange<Double>) {
    func extent(_ numbers: [Double]) -> ClosedRange<Double> { (numbers.min() ?? 0)...(numbers.max() ?? 0) }
    return (extent(plane.points.map(\.x)), extent(plane.points.map(\.y)))
  }

  func x(_ number: Double) -> Double { (PlanePicture.left + PlanePicture.right) / 2 + (number - centerX) * scale }

  func y(_ number: Double) -> Double { (PlanePicture.top + PlanePicture.bottom) / 2 - (number - centerY) * scale }

  /// The drawing with `points` on it.
  func markup(_ points: [Markup]) -> Markup {
    let (left, right, top, bottom) = (PlanePicture.left, PlanePicture.right, PlanePicture.top, PlanePicture.bottom)
    let (first, second) = (percent(plane.shares.x), percent(plane.shares.y))
    return """
      <figure class="plane">
      <figcaption><h3>\(name)</h3></figcaption>
      <svg viewBox="0 0 \(PlanePicture.width) \(PlanePicture.height)" role="img" \
      aria-label="\(name): \(counted(plane.points.count, "text")) on the plane of the first two principal components, \
      which hold \(first) and \(second) of the variance">
      \(grid)
      <rect class="frame" x="\(left)" y="\(top)" width="\(right - left)" height="\(bottom - top)" rx="4"/>
      <text x="\((left + right) / 2)" y="\(bottom + 36)" text-anchor="middle">\
      first component: \(first) of the variance</text>
      <text transform="translate(11 \((top + bottom) / 2)) rotate(-90)" text-anchor="middle">\
      second component: \(second)</text>
      \(points)
      </svg>
      </figure>
      """
  }

  /// Lines at round numbers, as far apart both ways.
  private var grid: Markup {
    let width = PlanePicture.right - PlanePicture.left, height = PlanePicture.bottom - PlanePicture.top
    let axis = Axis([0, width / scale], steps: 8)
    let columns = axis.multiples(around: centerX, reach: width / 2 / scale).map { tick -> Markup in
      """
      <path class="\(tick == 0 ? "zero" : "grid")" d="M\(x(tick)) \(PlanePicture.top)v\(height)"/>\
      <text x="\(x(tick))" y="\(PlanePicture.bottom + 16)" text-anchor="middle">\(axis.label(tick))</text>
      """
    }
    let rows = axis.multiples(around: centerY, reach: height / 2 / scale).map { tick -> Markup in
      """
      <path class="\(tick == 0 ? "zero" : "grid")" d="M\(PlanePicture.left) \(y(tick))h\(width)"/>\
      <text x="\(PlanePicture.left - 5)" y="\(y(tick) + 4)" text-anchor="end">\(axis.label(tick))</text>
      """
    }
    return "\(columns)\n\(rows)"
  }
}
