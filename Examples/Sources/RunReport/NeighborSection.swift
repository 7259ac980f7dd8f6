// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// The nearest neighbors that changed for the better and for the worse.
struct NeighborSection {
  private let comparison: EncoderComparison
  private let changes: NeighborChanges

  private static let shownAtOnce = 5, shownAtMost = 30

  init(_ comparison: EncoderComparison) {
    self.comparison = comparison
    changes = NeighborChanges(comparison)
  }

  var markup: Markup {
    """
    <section id="neighbors" aria-labelledby="neighbors-title">
    <h2 id="neighbors-title">Nearest neighbors that changed</h2>
    <p class="lead">For each text the nearest of the others by cosine, and whether it has the same label.</p>
    \(bar)
    \(table("For the better", changes.better, "Those whose wrong neighbor was the nearest come first."))
    \(table("For the worse", changes.worse, "Those whose wrong neighbor is the nearest come first."))
    </section>
    """
  }

  /// How many texts have a right neighbor, as parts of a bar.
  private var bar: Markup {
    let parts = [
      (changes.stillRight, "right", "right before and after"), (changes.better.count, "better", "right now"),
      (changes.worse.count, "worse", "wrong now"), (changes.stillWrong, "wrong", "wrong before and after"),
    ].filter { $0.0 > 0 }
    var start = 0.0
    let rectangles = parts.map { count, style, _ -> Markup in
      let width = 1000 * Double(count) / Double(changes.count)
      defer { start += width }
      return "<rect class=\"\(style)\" x=\"\(start)\" width=\"\(width)\" height=\"20\"/>"
    }
    let items = parts.map { count, style, name -> Markup in
      """
      <li><svg class="swatch" viewBox="0 0 12 12" aria-hidden="true">\
      <rect class="\(style)" width="12" height="12"/></svg>\
      <b>\(grouped(count))</b> \(name)</li>
      """
    }
    return """
      <svg class="bar" viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">\(rectangles)</svg>
      <ul class="legend">\(items)</ul>
      """
  }

  private func table(_ title: String, _ changes: [NeighborChanges.Change], _ order: String) -> Markup {
    guard !changes.isEmpty else { return "" }
    let first = changes.prefix(NeighborSection.shownAtOnce)
    let rest = changes.prefix(NeighborSection.shownAtMost).dropFirst(first.count)
    let left = changes.count - first.count - rest.count
    let more: Markup = """
      <details><summary>\(grouped(rest.count)) more\
      \(left > 0 ? " (of \(grouped(changes.count - first.count)))" : "")</summary>
      \(rows(Array(rest)))
      </details>
      """
    return """
      <h3>\(title): \(counted(changes.count, "text"))</h3>
      <p class="fine">\(order)</p>
      \(rows(Array(first)))
      \(rest.isEmpty ? "" : more)
      """
  }

  private func rows(_ changes: [NeighborChanges.Change]) -> Markup {
    let rows = changes.map { change -> Markup in
      """
      <tr><td>\(described(change.text))</td>\(neighbor(change.before, of: change.text, "before"))\
      \(neighbor(change.after, of: change.text, "after"))</tr>
      """
    }
    return """
      <table class="neighbors">
      <thead><tr>
      <th scope="col">Text</th><th scope="col">Nearest before</th><th scope="col">Nearest after</th>
      </tr></thead>
      <tbody>
      \(rows)
      </tbody>
      </table>
      """
  }

  private func neighbor(_ neighbor: NearestNeighbor, of text: Int, _ when: String) -> Markup {
    let isRight = comparison.texts.labels[neighbor.index] == comparison.texts.labels[text]
    return """
      <td class="\(isRight ? "is-right" : "is-wrong")" data-when="Nearest \(when)">\
      \(described(neighbor.index, neighbor.cosine))</td>
      """
  }

  private func described(_ text: Int, _ cosine: Float? = nil) -> Markup {
    """
    <bdi>\(comparison.text(text))</bdi><span class="whose"><span class="label"><bdi>\(comparison.label(text))</bdi></span>\
    \(cosine.map { " <span title=\"cosine\">\(fixed(Double($0), 2))</span>" as Markup } ?? "")</span>
    """
  }
}
