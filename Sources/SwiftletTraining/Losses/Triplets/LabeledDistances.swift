// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The distances from some anchors to all vectors of a batch with labels. A positive is another row with the anchor's
/// label, a negative a row with another label.
struct LabeledDistances {
  /// `[anchors, B]`
  let distances: Variable
  let labels: [Int]
  let anchors: Range<Int>

  /// - Parameter anchors: the rows to use as anchors; nil: all.
  init(_ batch: LabeledBatch, _ distance: Distance, anchors: Range<Int>? = nil) {
    self.anchors = anchors ?? 0..<batch.labels.count
    labels = batch.labels
    distances = batch.vectors.distancesAmongRows(distance, of: self.anchors)
  }

  func isPositive(_ anchor: Int, _ other: Int) -> Bool { anchor != other && labels[anchor] == labels[other] }

  func isNegative(_ anchor: Int, _ other: Int) -> Bool { labels[anchor] != labels[other] }

  subscript(_ anchor: Int, _ other: Int) -> Float { distances.tensor.matrix[anchor - anchors.lowerBound, other] }

  /// The distances of pairs of an anchor and another row, as a variable.
  func distances(_ pairs: [(anchor: Int, other: Int)]) -> Variable {
    distances.elements(pairs.map { ($0.anchor - anchors.lowerBound) * labels.count + $0.other })
  }

  // MARK: Hardest of each anchor

  /// The distance from each anchor to its farthest positive; 0 if there is none.
  func hardestPositives() -> Variable { distances.rowMaxima { isPositive(anchors.lowerBound + $0, $1) } }

  /// The distance from each anchor to its nearest negative. If the batch has only one label, it is the distance to the
  /// farthest row, so that positive and negative cancel, as in sentence-transformers.
  func hardestNegatives() -> Variable {
    let hasNegatives = labels.contains { $0 != labels[0] }
    return hasNegatives
      ? distances.rowMinima { isNegative(anchors.lowerBound + $0, $1) } : distances.rowMaxima()
  }

  // MARK: Positives and negatives of one anchor

  func positives(of anchor: Int) -> [Int] { labels.indices.filter { isPositive(anchor, $0) } }

  func negatives(of anchor: Int) -> RankedRows {
    RankedRows(labels.indices.lazy.filter { isNegative(anchor, $0) }.map { (distance: self[anchor, $0], row: $0) })
  }

  // MARK: Statistics

  /// - Parameter terms: the terms of the loss.
  func statistics(terms: Variable) -> BatchStatistics {
    statistics(activeFraction: BatchStatistics.activeFraction(of: terms))
  }

  func statistics(activeFraction: Float?) -> BatchStatistics {
    let positives = anchors.compactMap { hardest(of: $0, where: isPositive, by: >) }
    let negatives = anchors.compactMap { hardest(of: $0, where: isNegative, by: <) }
    return BatchStatistics(
      activeFraction: activeFraction, hardestPositive: BatchStatistics.mean(positives),
      hardestNegative: BatchStatistics.mean(negatives))
  }

  private func hardest(
    of anchor: Int, where isIncluded: (Int, Int) -> Bool, by isHarder: (Float, Float) -> Bool
  ) -> Float? {
    var hardest: Float?
    for other in labels.indices where isIncluded(anchor, other) {
      let distance = self[anchor, other]
      if let known = hardest, !isHarder(distance, known) { continue }
      hardest = distance
    }
    return hardest
  }
}
