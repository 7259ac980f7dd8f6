// SPDX-License-Identifier: Apache-2.0

/// A line on a terminal's standard error: how much is done, how fast, how long it will take.
///
///     [############------------------]  41%  1234 texts/s  0:27 left
package struct ProgressBar {
  private let unit: String
  /// What was done before the bar appeared, of which the rate knows nothing.
  private let doneBefore: (count: Int, fraction: Double)
  private let isShown: Bool
  private let start = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant?
  private static let width = 30

  /// - Parameters:
  ///   - unit: what is counted, as `texts`.
  ///   - doneBefore: how many of them, and what part of all, an earlier run did.
  ///   - quiet: never show the bar; else it is shown where standard error is a terminal.
  package init(counting unit: String, doneBefore: (count: Int, fraction: Double) = (0, 0), quiet: Bool) {
    self.unit = unit
    self.doneBefore = doneBefore
    isShown = !quiet && StandardError.isTerminal
  }

  /// Draws the line anew, at most ten times a second.
  ///
  /// - Parameters:
  ///   - count: how many are done.
  ///   - fraction: how much of the whole that is, nil if its size is unknown.
  ///   - note: what else there is to say.
  package mutating func update(count: Int, fraction: Double?, note: String = "") {
    let now = ContinuousClock.now
    guard isShown, lastDrawn.map({ now - $0 > .milliseconds(100) }) ?? true else { return }
    lastDrawn = now
    let seconds = (now - start) / .seconds(1)
    var parts = note.isEmpty ? [] : [note]
    parts.append(rate(Double(count - doneBefore.count) / max(seconds, 1e-9)))
    if let fraction, fraction > doneBefore.fraction {
      let filled = Int(Double(ProgressBar.width) * min(fraction, 1))
      let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: ProgressBar.width - filled)
      let left = Int(seconds * (1 - fraction) / (fraction - doneBefore.fraction))
      parts.insert("[\(bar)]  \(Int(fraction * 100))%", at: 0)
      parts.append("\(left / 60):\("\(100 + left % 60)".dropFirst()) left")
    } else {
      parts.insert("\(count) \(unit)", at: 0)
    }
    StandardError.write("\r\u{1B}[K" + parts.joined(separator: "  "))
  }

  /// As a whole number, or with two decimals where that says too little.
  private func rate(_ perSecond: Double) -> String {
    let hundredths = Int((perSecond * 100).rounded())
    guard hundredths < 1000 else { return "\(Int(perSecond)) \(unit)/s" }
    return "\(hundredths / 100).\("\(100 + hundredths % 100)".dropFirst()) \(unit)/s"
  }

  /// Removes the line, so that what follows starts on a clean one; the next update draws it again.
  package mutating func clear() {
    guard lastDrawn != nil else { return }
    lastDrawn = nil
    StandardError.write("\r\u{1B}[K")
  }
}
