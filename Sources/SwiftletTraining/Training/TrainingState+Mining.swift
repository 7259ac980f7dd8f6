// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders

extension Trainer {
  /// Mines hard negatives among all texts with the weights as they are now, if it is time to and nobody asks to stop.
  func mineIfDue(_ stop: StopFlag, _ report: (TrainingEvent) throws -> Void) throws {
    guard let data = source.minedTexts else { return }
    let isDue = settings.offlineMining.interval.map { progress.step.isMultiple(of: $0) } ?? false
    guard source.hardNegatives == nil || isDue && progress.step > minedAt else { return }
    guard let vectors = try vectors(of: data.texts, stop) else { return }
    let found = HardNegatives(
      vectors, labels: data.labels, count: settings.negativesPerAnchor, settings.offlineMining, on: encoder.pool)
    source.hardNegatives = found
    minedAt = progress.step
    let without = found.rows.count(where: \.isEmpty)
    if without > 0 {
      let message =
        "\(without) of \(found.rows.count) texts have no negative within the margins and anchor no triplet; lower the "
        + "margins if these are many"
      try report(.warned("step \(progress.step): \(message)"))
    }
  }
}
