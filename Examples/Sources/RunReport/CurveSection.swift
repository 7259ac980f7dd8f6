// SPDX-License-Identifier: Apache-2.0

/// The run, step by step.
struct CurveSection {
  let curves: RunCurves
  let lastStep: Double
  let keptStep: Double?
  let gradientNormLimit: Double?

  var markup: Markup {
    let charts = [scores, loss, active, distances, gradient, rate].compactMap(\.markup)
    guard !charts.isEmpty else { return "" }
    return """
      <section id="curves" aria-labelledby="curves-title">
      <h2 id="curves-title">The run, step by step</h2>
      <div class="charts">
      \(charts)
      </div>
      </section>
      """
  }

  /// Curves that lie on each other are one, with all their names.
  private var scores: LineChart {
    var lines: [LineChart.Line] = []
    for metric in curves.metrics {
      if let index = lines.firstIndex(where: { $0.points == metric.points }) {
        let name = "\(lines[index].name), \(metric.name)"
        lines[index] = LineChart.Line(name: name, points: metric.points, color: index)
      } else {
        lines.append(LineChart.Line(name: metric.name, points: metric.points, color: lines.count))
      }
    }
    return LineChart(
      title: "Scores", note: "On the evaluation data; at step 0 those of the model as it was.", lines: lines,
      lastStep: lastStep, pointedOut: keptStep.map { ($0, "weights kept, step \(grouped(Int($0)))") })
  }

  private var loss: LineChart { noisy("Loss", "Of each step's batch.", "loss") }

  private var active: LineChart {
    noisy(
      "Active share", "The part of a batch's terms that are above 0: the others teach nothing.", "active_fraction")
  }

  private var distances: LineChart {
    LineChart(
      title: "Hardest distances", note: "Means over a batch's texts. The positive is to come below the negative.",
      lines: smooth("farthest positive", curves["hardest_positive"], color: 1)
        + smooth("nearest negative", curves["hardest_negative"], color: 0),
      lastStep: lastStep)
  }

  private var gradient: LineChart {
    var chart = noisy("Gradient norm", "Before it is cut to its limit.", "grad_norm")
    chart.limit = gradientNormLimit.map { ($0, "limit") }
    return chart
  }

  private var rate: LineChart {
    LineChart(
      title: "Learning rate", note: "As warm-up and schedule have it.",
      lines: [LineChart.Line(name: "learning rate", points: curves["learning_rate"])], lastStep: lastStep,
      includesZero: true)
  }

  private func noisy(_ title: String, _ note: String, _ key: String) -> LineChart {
    LineChart(
      title: title, note: note, lines: smooth("", curves[key], color: 0), lastStep: lastStep, includesZero: true)
  }

  /// What was measured, and if that is many points, their mean over a thirtieth of them.
  private func smooth(_ name: String, _ points: [RunCurves.Point], color: Int) -> [LineChart.Line] {
    let width = points.count / 30
    guard width >= 3 else { return [LineChart.Line(name: name, points: points, color: color)] }
    let mean = "mean of \(width | 1) steps"
    return [
      LineChart.Line(name: name.isEmpty ? "each step" : "", points: points, color: color, isFaint: true),
      LineChart.Line(
        name: name.isEmpty ? mean : "\(name), \(mean)", points: points.smoothed(over: width), color: color),
    ]
  }
}
