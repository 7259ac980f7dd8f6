// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// A page that shows how a run of fine-tuning went: scores, texts on a plane, neighbors, curves, settings.
///
/// One file that loads nothing. It is XHTML as well as HTML, is read without its script, which only helps to point at
/// things, and has colors for light and dark. The same run gives the same page, as it gives the same weights: times are
/// for the log.
package struct RunReport {
  /// A measure before training and with the weights that were kept.
  package struct Score {
    package let name: String
    package let before: Double?
    package let after: Double

    package init(name: String, before: Double?, after: Double) {
      (self.name, self.before, self.after) = (name, before, after)
    }
  }

  /// What the tuned model is called.
  package var title: String
  /// What the data is, in words.
  package var data: String
  /// What the scores were made on, in words; nil if there are none.
  package var evaluationData: String?
  package var scores: [Score] = []
  /// The name of the score that chose the weights.
  package var mainScore: String?
  /// The step after which the kept weights were reached; nil: the last.
  package var keptStep: Int?
  package var stepCount: Int
  package var skippedSteps = 0
  package var gradientNormLimit: Double?
  package var settings: [(name: String, value: String)] = []
  /// The path of the run's log, whose lines the curves are drawn from.
  package var log: String
  /// What the encoders make of labeled texts; nil where evaluation has none.
  package var comparison: EncoderComparison?

  package init(title: String, data: String, stepCount: Int, log: String) {
    (self.title, self.data, self.stepCount, self.log) = (title, data, stepCount, log)
  }

  /// The page.
  ///
  /// - Throws: what reading the log throws.
  package func html() throws -> String {
    let curveSection = CurveSection(
      curves: try RunCurves(log: log), lastStep: Double(stepCount), keptStep: keptStep.map(Double.init),
      gradientNormLimit: gradientNormLimit)
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
      script-src 'unsafe-inline'"/>
      <title>\(title)</title>
      <style>
      \(Markup(source: String(decoding: PackageResources.report_css, as: UTF8.self)))
      </style>
      </head>
      <body>
      <header>
      <h1>\(title)</h1>
      <p class="lead">\(summary)</p>
      \(headline)
      </header>
      <main>
      \(comparison.map { PlaneSection($0).markup } ?? "")
      \(scoreSection)
      \(comparison.map { NeighborSection($0).markup } ?? "")
      \(curveSection.markup)
      \(settingSection)
      </main>
      <script>
      \(Markup(source: String(decoding: PackageResources.report_js, as: UTF8.self)))
      </script>
      </body>
      </html>

      """
    return page.source
  }

  private var summary: String {
    let skipped = skippedSteps > 0 ? ", \(grouped(skippedSteps)) of them skipped" : ""
    return "On \(data): \(counted(stepCount, "step"))\(skipped)."
  }

  /// The main score in large figures.
  private var headline: Markup {
    guard let score = scores.first(where: { $0.name == mainScore }), let before = score.before else { return "" }
    return """
      <p class="headline"><span class="figures"><span class="before">\(fixed(before, 3))</span> \
      <span class="arrow" role="img" aria-label="to">→</span> <b>\(fixed(score.after, 3))</b></span> \
      <span class="name">\(score.name)\(ScoreSection.meaning(of: score.name))</span></p>
      """
  }

  private var scoreSection: Markup {
    guard let evaluationData, !scores.isEmpty else { return "" }
    return ScoreSection(scores: scores, main: mainScore, evaluationData: evaluationData).markup
  }

  private var settingSection: Markup {
    guard !settings.isEmpty else { return "" }
    let rows = settings.map { "<div><dt>\($0.name)</dt><dd><bdi>\($0.value)</bdi></dd></div>" as Markup }
    return """
      <section id="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">Settings</h2>
      <dl>
      \(rows)
      </dl>
      <p class="fine">The same data, settings and base model give these weights again, to the bit.</p>
      </section>
      """
  }
}
