// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The distances from some anchors of given triplets to their positives and to their K negatives.
struct TripletDistances {
  /// `[N]`
  let positives: Variable

  /// `[N K]`, grouped by anchor.
  let negatives: Variable

  /// K
  private let negativesPerAnchor: Int

  init(_ batch: TripletBatch, _ distance: Distance, anchors: Range<Int>) {
    let k = batch.negativesPerAnchor, places = anchors.lowerBound * k..<anchors.upperBound * k
    negativesPerAnchor = k
    positives = batch.anchors.rows(anchors).distances(to: batch.positives.rows(anchors), distance)
    negatives = batch.anchors.rows(places.map { $0 / k }).distances(to: batch.negatives.rows(places), distance)
  }

  /// `[N K]`: the distance to the anchor's positive, repeated for each negative.
  func positivesOfEachNegative() -> Variable {
    positives.elements((0..<negatives.count).lazy.map { $0 / negativesPerAnchor })
  }

  /// `[N]`: the distance from each anchor to its nearest negative.
  func hardestNegatives() -> Variable {
    negatives.reshaped([positives.count, negativesPerAnchor]).rowMinima()
  }

  /// - Parameter terms: the terms of the loss.
  func statistics(terms: Variable) -> BatchStatistics {
    let distances = negatives.values
    let nearest = stride(from: 0, to: distances.count, by: negativesPerAnchor).compactMap {
      distances[$0..<$0 + negativesPerAnchor].min()
    }
    return BatchStatistics(
      activeFraction: BatchStatistics.activeFraction(of: terms),
      hardestPositive: BatchStatistics.mean(positives.values), hardestNegative: BatchStatistics.mean(nearest))
  }
}
