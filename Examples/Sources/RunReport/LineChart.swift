// SPDX-License-Identifier: Apache-2.0

/// Curves over the steps of a run.
struct LineChart {
  struct Line {
    let name: String
    let points: [RunCurves.Point]
    /// Which of the page's colors it has; dashed, if there are not as many.
    var color = 0
    /// Drawn thin and pale, as what lies behind a mean.
    var isFaint = false
  }

  let title: String
  /// A sentence on what is to be seen.
  let note: String
  let lines: [Line]
  /// The last step of the axis.
  let lastStep: Double
  var includesZero = false
  /// A step to point out, and why.
  var pointedOut: (step: Double, name: String)?
  /// A value to point out, if it is within the axis, and what it is.
  var limit: (value: Double, name: String)?

  private static let width = 400.0, height = 204.0
  private static let left = 44.0, right = 390.0, top = 10.0, bottom = 176.0
  /// So many dots can be told apart, and pointed at.
  private static let mostDots = 40

  /// The figure; nil if there is nothing to draw.
  var markup: Markup? {
    let values = lines.flatMap(\.points).map(\.value)
    guard !values.isEmpty, lastStep > 0 else { return nil }
    let axis = Axis(values, steps: 4, includesZero: includesZero)
    return """
      <figure class="chart">
      <figcaption><h3>\(title)</h3><p>\(note)</p>\(legend(axis))</figcaption>
      <svg viewBox="0 0 \(LineChart.width) \(LineChart.height)" role="img" aria-label="\(description)">
      \(grid(axis))
      \(marks(axis))
      \(lines.map { draw($0, axis) })
      </svg>
      </figure>
      """
  }

  private func x(_ step: Double) -> Double { LineChart.left + step / lastStep * (LineChart.right - LineChart.left) }

  private func y(_ value: Double, _ axis: Axis) -> Double {
    LineChart.bottom - axis.place(value) * (LineChart.bottom - LineChart.top)
  }

  /// What the picture shows, in words.
  private var description: String {
    let courses = lines.filter { !$0.isFaint }.compactMap { line in
      guard let first = line.points.first, let last = line.points.last else { return nil as String? }
      return "\(line.name) from \(short(first.value)) at step \(Int(first.step)) to \(short(last.value)) at step "
        + "\(Int(last.step))"
    }
    return "\(title): \(courses.joined(separator: "; "))"
  }

  private func short(_ value: Double) -> String { abs(value) < 1e-3 ? "\(value)" : decimals(value, 4) }

  private func legend(_ axis: Axis) -> Markup {
    let names = lines.map { line in (line.name, lineClass(line)) }
    let marks = [limitWithin(axis)?.name, pointedOut?.name].compactMap { $0 }.map { ($0, "mark") }
    let entries = (names + marks).filter { !$0.0.isEmpty }
    guard entries.count > 1 else { return "" }
    let items = entries.map { name, style -> Markup in
      """
      <li><svg class="swatch" viewBox="0 0 18 8" aria-hidden="true"><path class="\(style)" d="M0 4H18"/></svg>\
      \(name)</li>
      """
    }
    return "<ul class=\"legend\">\(items)</ul>"
  }

  private func grid(_ axis: Axis) -> Markup {
    let rows = axis.ticks.map { tick -> Markup in
      let height = y(tick, axis)
      return """
        <path class="grid" d="M\(LineChart.left) \(height)H\(LineChart.right)"/>\
        <text x="\(LineChart.left - 7)" y="\(height + 4)" text-anchor="end">\(axis.label(tick))</text>
        """
    }
    let steps = Axis([0, lastStep], steps: 5)
    let columns = steps.ticks.filter { $0 <= lastStep }.map { tick -> Markup in
      let place = x(tick), anchor = tick == 0 ? "start" : place > LineChart.right - 12 ? "end" : "middle"
      return """
        <path class="tick" d="M\(place) \(LineChart.bottom)v4"/>\
        <text x="\(place)" y="\(LineChart.bottom + 19)" text-anchor="\(anchor)">\
        \(tick == 0 ? "step 0" : steps.label(tick))</text>
        """
    }
    return "\(rows)\n\(columns)"
  }

  private func limitWithin(_ axis: Axis) -> (value: Double, name: String)? {
    limit.flatMap { axis.range.contains($0.value) ? $0 : nil }
  }

  private func marks(_ axis: Axis) -> Markup {
    var paths: [Markup] = []
    if let limit = limitWithin(axis) {
      paths.append("<path class=\"mark\" d=\"M\(LineChart.left) \(y(limit.value, axis))H\(LineChart.right)\"/>")
    }
    if let pointedOut {
      paths.append("<path class=\"mark\" d=\"M\(x(pointedOut.step)) \(LineChart.top)V\(LineChart.bottom)\"/>")
    }
    return "\(paths)"
  }

  private func color(_ line: Line) -> String { "c\(line.color % LabelMarks.colors)" }

  private func lineClass(_ line: Line) -> String {
    "line \(color(line))\(line.color >= LabelMarks.colors ? " dashed" : "")\(line.isFaint ? " faint" : "")"
  }

  private func draw(_ line: Line, _ axis: Axis) -> Markup {
    let points = line.points.thinned(to: 400)
    let places = points.map { "\(decimals(x($0.step), 1)) \(decimals(y($0.value, axis), 1))" }
    let dots = line.isFaint || points.count > LineChart.mostDots ? [] : points
    return """
      <path class="\(lineClass(line))" d="M\(places.joined(separator: "L"))"/>
      \(dots.map { point -> Markup in
        """
        <circle class="dot \(color(line))" cx="\(x(point.step))" cy="\(y(point.value, axis))" r="2.5">\
        <title>step \(Int(point.step)): \(line.name) \(short(point.value))</title></circle>
        """
      })
      """
  }
}
