// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The distances of triplets that are given: from some anchors to their positives and to their K negatives each.
struct TripletDistances {
  /// `[N]`
  let positives: Variable

  /// `[N K]`, those of one anchor after those of another.
  let negatives: Variable

  /// K
  private let negativesPerAnchor: Int

  init(_ batch: TripletBatch, _ distance: Distance, anchors: Range<Int>) {
    let k = batch.negativesPerAnchor, places = anchors.lowerBound * k..<anchors.upperBound * k
    negativesPerAnchor = k
    positives = batch.anchors.rows(anchors).distances(to: batch.positives.rows(anchors), distance)
    negatives = batch.anchors.rows(places.map { $0 / k }).distances(to: batch.negatives.rows(places), distance)
  }

  /// `[N K]`: beside the distance to each negative, that to the anchor's positive.
  func positivesOfEachNegative() -> Variable {
    positives.elements((0..<negatives.count).lazy.map { $0 / negativesPerAnchor })
  }

  /// `[N]`: the distance from each anchor to its nearest negative.
  func hardestNegatives() -> Variable {
    negatives.reshaped([positives.count, negativesPerAnchor]).rowMinima()
  }

  /// - Parameter terms: those of the loss.
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
