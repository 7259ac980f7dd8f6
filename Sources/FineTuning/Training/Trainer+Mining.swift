// SPDX-License-Identifier: Apache-2.0

import BertEncoder

extension Trainer {
  /// Mines hard negatives among all texts with the weights as they are now, if it is time to.
  func mineIfDue() throws {
    guard let data = source.minedTexts else { return }
    let isDue = settings.offlineMining.interval.map { progress.step.isMultiple(of: $0) } ?? false
    guard source.hardNegatives == nil || isDue && progress.step > minedAt else { return }
    source.hardNegatives = HardNegatives(
      try current.encode(data.texts).tensor, labels: data.labels, count: settings.negativesPerAnchor,
      settings.offlineMining, on: encoder.pool)
    minedAt = progress.step
  }
}
