// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders

extension TrainingState {
  /// Mines hard negatives among all texts with the current weights, if it is due.
  ///
  /// - Throws: `CancellationError` if the run is stopped before it is done.
  func mineIfDue(_ stop: StopFlag) throws {
    guard let mining = source.offlineMining else { return }
    let isDue = mining.settings.interval.map { progress.step.isMultiple(of: $0) } ?? false
    guard source.hardNegatives == nil || isDue && progress.step > minedAt else { return }
    let vectors = try vectors(of: mining.texts.texts.map { EncoderInput($0) }, stop)
    let found = HardNegatives(
      vectors, labels: mining.texts.labels, count: mining.negativesPerAnchor, mining.settings, on: encoder.pool)
    source.hardNegatives = found
    minedAt = progress.step
    let without = found.rows.count(where: \.isEmpty)
    if without > 0 {
      let message =
        "\(without) of \(found.rows.count) texts have no negative within the margins and are no anchors; lower the "
        + "margins if these are many"
      events.append(.warned("step \(progress.step): \(message)"))
    }
  }
}
