// SPDX-License-Identifier: Apache-2.0

/// A line on a terminal's standard error: how much is done, how fast, how long it will take.
///
///     [############------------------]  41%  1234 texts/s  0:27 left
package struct ProgressBar {
  private let isShown: Bool
  private let start = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant
  private static let width = 30

  /// - Parameter quiet: never show it; else it is shown where standard error is a terminal.
  package init(quiet: Bool) {
    isShown = !quiet && StandardError.isTerminal
    lastDrawn = start
  }

  /// Draws the line anew, at most ten times a second.
  ///
  /// - Parameters:
  ///   - texts: how many texts are done.
  ///   - fraction: how much of the input that is, nil if its size is unknown.
  package mutating func update(texts: Int, fraction: Double?) {
    let now = ContinuousClock.now
    guard isShown, now - lastDrawn > .milliseconds(100) else { return }
    lastDrawn = now
    let seconds = (now - start) / .seconds(1)
    let rate = "\(Int(Double(texts) / seconds)) texts/s"
    guard let fraction, fraction > 0 else {
      return draw("\(texts) texts  \(rate)")
    }
    let filled = Int(Double(ProgressBar.width) * min(fraction, 1))
    let done = String(repeating: "#", count: filled)
    let open = String(repeating: "-", count: ProgressBar.width - filled)
    let left = Int(seconds * (1 - fraction) / fraction)
    let clock = "\(left / 60):\("\(100 + left % 60)".dropFirst())"
    draw("[\(done)\(open)]  \(Int(fraction * 100))%  \(rate)  \(clock) left")
  }

  /// Removes the line, so that what follows starts on a clean one.
  package func clear() {
    if isShown { draw("") }
  }

  private func draw(_ line: String) {
    StandardError.write("\r\u{1B}[K\(line)")
  }
}
