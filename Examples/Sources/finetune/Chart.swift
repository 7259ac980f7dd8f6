// SPDX-License-Identifier: Apache-2.0

/// Curves over the steps of a run, as a drawing in SVG.
struct Chart {
  /// Numbers at steps, with a name.
  struct Series {
    let name: String
    let points: [(step: Double, value: Double)]
  }

  let title: String
  let series: [Series]

  private static let width = 640.0, height = 180.0
  private static let colors = ["#2563eb", "#dc2626", "#059669", "#d97706"]

  /// The drawing; empty if there is nothing to draw.
  var svg: String {
    let points = series.flatMap(\.points)
    guard let steps = range(points.map(\.step)), let values = range(points.map(\.value)) else { return "" }
    let (width, height) = (Chart.width, Chart.height)
    func x(_ step: Double) -> Double { position(of: step, in: steps) * width }
    func y(_ value: Double) -> Double { (1 - position(of: value, in: values)) * height }
    let lines = zip(series, Chart.colors).map { series, color in
      let places = thinned(series.points).map { "\(tenths(x($0.step))),\(tenths(y($0.value)))" }
      return "<polyline fill=\"none\" stroke=\"\(color)\" points=\"\(places.joined(separator: " "))\"/>"
    }
    let names = zip(series, Chart.colors).map { "<b style=\"color:\($1)\">\($0.name)</b>" }
    return """
      <h2>\(title)</h2>
      <p>\(names.joined(separator: " "))</p>
      <svg viewBox="-70 -12 \(width + 80) \(height + 36)" width="720" role="img">
      <path d="M0 0V\(height)H\(width)" fill="none" stroke="#999"/>
      <text x="-6" y="4" text-anchor="end">\(rounded(values.upperBound))</text>
      <text x="-6" y="\(height + 4)" text-anchor="end">\(rounded(values.lowerBound))</text>
      <text x="0" y="\(height + 18)">\(Int(steps.lowerBound))</text>
      <text x="\(width)" y="\(height + 18)" text-anchor="end">step \(Int(steps.upperBound))</text>
      \(lines.joined(separator: "\n"))
      </svg>

      """
  }

  private func range(_ numbers: [Double]) -> ClosedRange<Double>? {
    guard let least = numbers.min(), let most = numbers.max() else { return nil }
    return least...most
  }

  private func position(of number: Double, in range: ClosedRange<Double>) -> Double {
    let size = range.upperBound - range.lowerBound
    return size > 0 ? (number - range.lowerBound) / size : 0.5
  }

  /// At most as many points as the drawing has columns: means of neighbors.
  private func thinned(_ points: [(step: Double, value: Double)]) -> [(step: Double, value: Double)] {
    let size = (points.count + Int(Chart.width) - 1) / Int(Chart.width)
    guard size > 1 else { return points }
    return stride(from: 0, to: points.count, by: size).map { start in
      let group = points[start..<min(start + size, points.count)]
      return (group.first!.step, group.reduce(0) { $0 + $1.value } / Double(group.count))
    }
  }

  private func tenths(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}
