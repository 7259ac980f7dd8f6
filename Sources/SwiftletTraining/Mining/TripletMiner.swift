// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors

/// Forms triplets of a batch of labeled texts. Each text is an anchor, with a random positive of its label in the batch
/// and negatives of other labels. A text without a positive in the batch or without a negative is not an anchor.
package struct TripletMiner {
  private let labels: [Int]
  let mining: Mining
  private let negativesPerAnchor: Int
  private let seed: UInt64

  /// The negatives found by offline mining; nil before it.
  package var hardNegatives: HardNegatives?

  /// - Parameters:
  ///   - labels: the labels of all texts of the data set.
  ///   - negativesPerAnchor: K.
  package init(labels: [Int], mining: Mining, negativesPerAnchor: Int, seed: UInt64) {
    self.labels = labels
    self.mining = mining
    self.negativesPerAnchor = negativesPerAnchor
    self.seed = seed
  }

  /// The additional texts and the triplets of a batch.
  struct Plan {
    /// Rows of the data set that are added to the batch.
    let extraRows: [Int]
    /// Forms the triplets from the vectors of all texts.
    let triplets: (_ vectors: Variable, AnchorBlocks) -> TripletIndices
  }

  /// - Parameters:
  ///   - rows: the rows of the batch.
  ///   - number: the number of the batch in the run, which determines its random choices.
  func plan(_ rows: [Int], batchNumber number: Int) -> Plan {
    var random = RandomStream(seed: seed, purpose: .mining, batch: number)
    let batchLabels = rows.map { labels[$0] }
    let texts = Dictionary(grouping: batchLabels.indices) { batchLabels[$0] }
    let positives = batchLabels.indices.map { anchor -> Int? in
      guard let alike = texts[batchLabels[anchor]], alike.count > 1 else { return nil }
      let other = random.next(below: alike.count - 1)
      // The anchor itself is left out.
      return alike[other] < anchor ? alike[other] : alike[other + 1]
    }
    if mining == .inBatch {
      return Plan(extraRows: []) { vectors, blocks in
        nearestInBatch(positives, batchLabels, vectors, blocks)
      }
    }
    var extraRows: [Int] = [], triplets = TripletIndices()
    for (anchor, row) in rows.enumerated() {
      guard let positive = positives[anchor] else { continue }
      let negatives =
        mining == .random ? randomNegatives(of: row, &random) : hardNegatives?.rows[row] ?? []
      // Each anchor needs the same number. The nearest negative replaces missing ones.
      guard let nearest = negatives.first else { continue }
      let chosen = (0..<negativesPerAnchor).map { $0 < negatives.count ? negatives[$0] : nearest }
      let first = rows.count + extraRows.count
      extraRows += chosen
      triplets.append(anchor: anchor, positive: positive, negatives: first..<first + chosen.count)
    }
    return Plan(extraRows: extraRows) { [triplets] _, _ in triplets }
  }

  private func randomNegatives(of row: Int, _ random: inout RandomStream) -> [Int] {
    (0..<negativesPerAnchor).map { _ in
      while true {
        let other = random.next(below: labels.count)
        if labels[other] != labels[row] { return other }
      }
    }
  }

  private func nearestInBatch(
    _ positives: [Int?], _ labels: [Int], _ vectors: Variable, _ blocks: AnchorBlocks
  ) -> TripletIndices {
    var triplets = TripletIndices()
    // Texts of one label have no negatives.
    guard labels.contains(where: { $0 != labels[0] }) else { return triplets }
    let vectors = Context.of(vectors).with(nil).constant(vectors.tensor), isAnchor = positives.map { $0 != nil }
    let negatives = blocks.numbers(of: labels.count) { anchors in
      let distances = vectors.distancesAmongRows(of: anchors).tensor
      return distances.withSpan { distances in
        anchors.flatMap { anchor -> [Int64] in
          guard isAnchor[anchor] else { return [] }
          let row = (anchor - anchors.lowerBound) * labels.count
          let nearest = firstIndices(negativesPerAnchor, of: labels.indices) {
            labels[$0] != labels[anchor]
          } by: { left, right in
            (distances[row + left], left) < (distances[row + right], right)
          }
          let last = nearest[nearest.count - 1]
          return (nearest + repeatElement(last, count: negativesPerAnchor - nearest.count)).map { Int64($0) }
        }
      }
    }
    var start = 0
    for (anchor, positive) in positives.enumerated() {
      guard let positive, start < negatives.count else { continue }
      triplets.append(
        anchor: anchor, positive: positive, negatives: negatives[start..<start + negativesPerAnchor].map { Int($0) })
      start += negativesPerAnchor
    }
    return triplets
  }
}
