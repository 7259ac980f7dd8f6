// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// The distances of triplets that are given: from each anchor to its positive and to its K negatives.
struct TripletDistances {
  /// `[N]`
  let positives: Variable

  /// `[N K]`, those of one anchor after those of another.
  let negatives: Variable

  /// K
  private let negativesPerAnchor: Int
  private let context: Context

  init(anchors: Variable, positives: Variable, negatives: Variable, _ distance: Distance, in context: Context) {
    let count = anchors.tensor.shape[0], negativeCount = negatives.tensor.shape[0]
    precondition(
      count > 0 && negativeCount > 0 && negativeCount.isMultiple(of: count),
      "\(negativeCount) negatives for \(count) anchors")
    let perAnchor = negativeCount / count
    self.context = context
    self.positives = context.distances(anchors, positives, distance)
    let repeated = context.rows(of: anchors, at: (0..<negativeCount).map { $0 / perAnchor })
    self.negatives = context.distances(repeated, negatives, distance)
    negativesPerAnchor = perAnchor
  }

  /// `[N K]`: beside the distance to each negative, that to the anchor's positive.
  func positivesOfEachNegative() -> Variable {
    context.elements(of: positives, at: (0..<negatives.tensor.count).map { $0 / negativesPerAnchor })
  }

  /// `[N]`: the distance from each anchor to its nearest negative.
  func hardestNegatives() -> Variable {
    context.rowMinima(of: context.reshaped(negatives, to: [positives.tensor.count, negativesPerAnchor]))
  }

  /// - Parameter terms: those of the loss.
  func statistics(terms: Variable) -> BatchStatistics {
    let distances = negatives.tensor.values
    let nearest = stride(from: 0, to: distances.count, by: negativesPerAnchor).compactMap {
      distances[$0..<$0 + negativesPerAnchor].min()
    }
    return BatchStatistics(
      activeFraction: BatchStatistics.activeFraction(of: terms),
      hardestPositive: BatchStatistics.mean(positives.tensor.values), hardestNegative: BatchStatistics.mean(nearest))
  }
}
