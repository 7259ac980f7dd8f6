// SPDX-License-Identifier: Apache-2.0

/// The scores before and after, as a table with a drawing in each row.
struct ScoreSection {
  let scores: [RunReport.Score]
  /// The name of the score by which weights are chosen.
  let main: String?
  let evaluationData: String

  var markup: Markup {
    """
    <section id="scores" aria-labelledby="scores-title">
    <h2 id="scores-title">Scores before and after</h2>
    <p class="lead">On \(evaluationData).</p>
    <table class="scores">
    <thead><tr>
    <th scope="col">Score</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th>
    <th scope="col" class="range"><span>0</span><span>1</span></th>
    </tr></thead>
    <tbody>
    \(scores.map(row))
    </tbody>
    </table>
    </section>
    """
  }

  private func row(_ score: RunReport.Score) -> Markup {
    """
    <tr\(score.name == main ? " class=\"main\"" as Markup : "")>\
    <th scope="row">\(score.name)\(ScoreSection.meaning(of: score.name))</th>\
    <td class="number">\(score.before.map { fixed($0, 4) } ?? "")</td><td class="number">\(fixed(score.after, 4))</td>\
    <td class="range">\(drawing(score))</td></tr>
    """
  }

  /// A ring before, a disc after, between 0 and 1; nothing where they are not.
  private func drawing(_ score: RunReport.Score) -> Markup {
    let range = 0.0...1.0
    guard range.contains(score.after), score.before.map(range.contains) ?? true else { return "" }
    func x(_ value: Double) -> Double { 8 + 184 * value }
    let after = x(score.after)
    let before = score.before.map { score -> Markup in
      let before = x(score), radius = 4.5, reach = after - before
      let way: Markup = "<path class=\"way\" d=\"M\(before + (reach < 0 ? -radius : radius)) 10H\(after)\"/>"
      return """
        \(abs(reach) > radius ? way : "")<circle class="before" cx="\(before)" cy="10" r="\(radius)"/>
        """
    }
    return """
      <svg viewBox="0 0 200 20" aria-hidden="true"><path class="grid" d="M8 10H192M8 6v8M192 6v8"/>\
      <circle class="after" cx="\(after)" cy="10" r="4.5"/>\(before ?? "")</svg>
      """
  }

  /// What a score measures, in a few words, if the name does not say so.
  static func meaning(of name: String) -> Markup { meanings[name].map { "<small>\($0)</small>" } ?? "" }

  private static let meanings = [
    "accuracy_at_1": "texts whose nearest other text has their label",
    "centroid_accuracy": "texts nearest to the center of their own label",
    "precision_at_1": "as accuracy_at_1, without labels that one text alone has",
    "r_precision": "right ones among a text's R nearest, where R texts share its label",
    "map_at_r": "the same, and the nearer the right ones the better",
    "pearson": "correlation of cosines and scores",
    "spearman": "correlation of their ranks",
    "ap": "average precision of pairs ranked by cosine",
  ]
}
