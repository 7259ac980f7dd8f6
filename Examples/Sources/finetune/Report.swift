// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// A page that shows how a run went: its scores, its curves, its settings. One file without scripts, which needs no net.
struct Report {
  let card: ModelCard
  /// The path of the run's log, whose lines the curves are drawn from.
  let log: String

  func html() throws -> String {
    let curves = try Report.series(in: log)
    func chart(_ title: String, _ keys: (key: String, name: String)...) -> String {
      Chart(title: title, series: keys.map { Chart.Series(name: $0.name, points: curves[$0.key] ?? []) }).svg
    }
    let scores = card.scores.map { [$0.name, $0.before.map(rounded) ?? "", rounded($0.after)] }
    return """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <title>\(escaped(card.baseModel)), fine-tuned</title>
      <style>
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 720px; margin: 2em auto; padding: 0 1em }
      svg { font-size: 12px; max-width: 100% } td, th { text-align: left; padding: 0 1.5em 0 0 } h2 { margin: 1.5em 0 0 }
      </style>
      <h1>\(escaped(card.baseModel)), fine-tuned</h1>
      <p>On \(escaped(card.data)).</p>
      \(scores.isEmpty ? "" : "<h2>Scores on \(escaped(card.evaluationData ?? ""))</h2>")
      \(scores.isEmpty ? "" : table([["", "before", "after"]] + scores))
      \(chart("Loss", ("loss", "loss of the batch")))
      \(chart("Score", ("eval", "score during training")))
      \(chart("Triplets", ("active_fraction", "part of them that is active")))
      \(chart("Distances", ("hardest_positive", "hardest positive"), ("hardest_negative", "hardest negative")))
      \(chart("Gradient", ("grad_norm", "norm before it is cut")))
      \(chart("Speed", ("tokens_per_second", "tokens a second")))
      <h2>Settings</h2>
      \(table(card.rows.map { [$0.name, $0.value] }))
      </html>

      """
  }

  /// The numbers of each key of the log, by step.
  private static func series(in path: String) throws -> [String: [(step: Double, value: Double)]] {
    var lines = try LineReader(path: path)
    var series: [String: [(step: Double, value: Double)]] = [:]
    while let line = try lines.next() {
      guard let object = try JSONParser.parse(Array(line.utf8)).object, let step = object["step"]?.double else {
        continue
      }
      for member in object.members {
        if let value = member.value.double { series[member.key, default: []].append((step, value)) }
      }
    }
    return series
  }

  private func table(_ rows: [[String]]) -> String {
    let lines = rows.map { row in "<tr>" + row.map { "<td>\(escaped($0))" }.joined() }
    return "<table>\n\(lines.joined(separator: "\n"))\n</table>"
  }

  private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
