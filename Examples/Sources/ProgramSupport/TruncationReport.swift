// SPDX-License-Identifier: Apache-2.0

/// Warns of texts that were cut to the maximum length: of the first few one by one, then of how many more.
package struct TruncationReport {
  private let maxLength: Int
  private let warn: (String) -> Void
  private var count = 0
  private static let shown = 5

  package init(maxLength: Int, warn: @escaping (String) -> Void) {
    self.maxLength = maxLength
    self.warn = warn
  }

  /// The text at `place` was cut.
  package mutating func add(_ place: String) {
    count += 1
    if count <= TruncationReport.shown {
      warn("\(place) is longer than \(maxLength) tokens; what is beyond them was cut")
    }
  }

  /// Call at the end.
  package func finish() {
    if count > TruncationReport.shown {
      warn("\(count - TruncationReport.shown) more texts were cut to \(maxLength) tokens")
    }
  }
}
