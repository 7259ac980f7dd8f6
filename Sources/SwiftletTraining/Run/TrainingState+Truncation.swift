// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers

extension TrainingState {
  /// Warns once of training texts that are longer than the maximum length, with their number.
  ///
  /// The tokens of all texts are computed for this. An epoch computes them as well, and their vectors, which takes far
  /// longer.
  ///
  /// - Throws: `CancellationError` if the run is stopped before it is done.
  func countTruncatedTexts(_ stop: StopFlag) throws {
    let isOfPairs = task.modelKind == .crossEncoder
    let texts = isOfPairs ? task.dataset.pairs : task.dataset.texts.map { EncoderInput($0) }
    let textsPerTask = 256, textsAtATime = 64 * textsPerTask
    let encoder = encoder, maxLength = settings.maxLength
    var truncated = 0
    for start in stride(from: 0, to: texts.count, by: textsAtATime) {
      try check(stop)
      let part = texts[start..<min(start + textsAtATime, texts.count)]
      let results = Monitor([Result<Int, any Error>]())
      encoder.pool.run(count: dividedRoundingUp(part.count, by: textsPerTask)) { index, _ in
        let first = part.startIndex + index * textsPerTask
        let texts = Array(part[first..<min(first + textsPerTask, part.endIndex)])
        let result = Result { try encoder.tokens(of: texts, maxLength: maxLength).truncated.count { $0 } }
        results.withLock { $0.append(result) }
      }
      truncated += try results.withLock { $0 }.reduce(0) { try $0 + $1.get() }
    }
    guard truncated > 0 else { return }
    let verb = truncated == 1 ? "has" : "have"
    events.append(
      .warned(
        "\(truncated) of \(texts.count) training \(isOfPairs ? "pairs" : "texts") \(verb) more than \(maxLength ?? encoder.maxLength) tokens; what "
          + "is beyond them is cut"))
  }
}
