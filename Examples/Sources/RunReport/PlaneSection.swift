// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// The texts on a plane, by the vectors of both encoders, side by side.
///
/// Each picture has axes of its own: the components of one model's vectors would hide what tells the other's apart, and
/// those of both together would do so to both. The scale is the same, so that one sees vectors move apart.
struct PlaneSection {
  private let comparison: EncoderComparison
  private let marks: LabelMarks
  /// The texts that are drawn.
  private let shown: [Int]
  private let before: PrincipalPlane
  private let after: PrincipalPlane

  private static let mostTexts = 2000

  init(_ comparison: EncoderComparison) {
    let count = comparison.texts.count, most = min(count, PlaneSection.mostTexts)
    shown = (0..<most).map { $0 * count / most }
    before = PrincipalPlane(comparison.before.unitRows(shown))
    after = PrincipalPlane(comparison.after.unitRows(shown)).oriented(like: before)
    marks = LabelMarks(comparison.texts)
    self.comparison = comparison
  }

  var markup: Markup {
    let scale = min(PlanePicture.scale(for: before), PlanePicture.scale(for: after))
    let isSample = shown.count < comparison.texts.count
    let text: Markup =
      isSample
      ? "one of \(grouped(shown.count)) texts, taken evenly from \(grouped(comparison.texts.count))," : "one text,"
    return """
      <section id="plane" aria-labelledby="plane-title">
      <h2 id="plane-title">The texts of the evaluation, before and after</h2>
      <p class="lead">Each mark is \(text) placed by the first two principal components of the model's vectors, the \
      plane that keeps most of their differences. The pictures share a scale but not axes: compare groups, not places. \
      Point at a mark to read it.</p>
      <div class="pair">
      \(picture("Before", before, scale))
      \(picture("After", after, scale))
      </div>
      <ul class="legend labels">\(legend)</ul>
      </section>
      """
  }

  private var legend: [Markup] {
    let others = marks.labelCount - marks.labels.count
    let entries = marks.labels.map { entry(comparison.labelName($0), marks[$0], " data-label=\"\($0)\"") }
    return others > 0 ? entries + [entry(counted(others, "other label"), nil, "")] : entries
  }

  private func entry(_ name: String, _ mark: LabelMarks.Mark?, _ attribute: Markup) -> Markup {
    """
    <li\(attribute)><svg class="swatch" viewBox="-6 -6 12 12" aria-hidden="true"><g class="\(LabelMarks.style(mark))">\
    \(LabelMarks.draw(mark, x: 0, y: 0))</g></svg><bdi>\(name)</bdi></li>
    """
  }

  private func picture(_ name: String, _ plane: PrincipalPlane, _ scale: Double) -> Markup {
    let labels = comparison.texts.labels
    let groups = Dictionary(grouping: shown.indices) { labels[shown[$0]] }
    // Gray marks first, so that they lie below the others.
    let order = groups.keys.sorted { (marks[$0] == nil ? 0 : 1, $0) < (marks[$1] == nil ? 0 : 1, $1) }
    let picture = PlanePicture(name: name, plane: plane, scale: scale)
    return picture.markup(
      order.map { label in
        let points = groups[label, default: []].map { index in
          LabelMarks.draw(
            marks[label], x: picture.x(plane.points[index].x), y: picture.y(plane.points[index].y),
            title: title(of: shown[index]))
        }
        return "<g class=\"\(LabelMarks.style(marks[label]))\" data-label=\"\(label)\">\n\(points)\n</g>"
      })
  }

  /// The text and, on a line of its own, the label.
  private func title(of text: Int) -> Markup {
    let lineFeed = Markup(source: "&#10;")
    return "<title>\(comparison.text(text))\(lineFeed)\(comparison.label(text))</title>"
  }
}

extension Tensor {
  /// Some rows of `[rows, dimension]`, scaled to unit length; a row of zeros stays one.
  fileprivate func unitRows(_ rows: [Int]) -> [[Double]] {
    let dimension = shape[1]
    return withSpan { values in
      rows.map { row in
        let vector = (row * dimension..<(row + 1) * dimension).map { Double(values[$0]) }
        let length = max(vector.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
        return vector.map { $0 / length }
      }
    }
  }
}
