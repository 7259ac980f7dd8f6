// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletTensors

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
  package struct Plan {
    /// Rows of the data set that are added to the batch.
    package let extraRows: [Int]
    /// Forms the triplets from the vectors of all texts.
    package let triplets: (_ vectors: Tensor, Context) -> TripletIndices
  }

  /// - Parameters:
  ///   - rows: the rows of the batch.
  ///   - number: the number of the batch in the run, which determines its random choices.
  package func plan(_ rows: [Int], batchNumber number: Int) -> Plan {
    var random = RandomStream(seed: seed, purpose: .mining, batch: number)
    let batchLabels = rows.map { labels[$0] }
    let positives = batchLabels.indices.map { anchor -> Int? in
      let others = batchLabels.indices.filter { $0 != anchor && batchLabels[$0] == batchLabels[anchor] }
      return others.isEmpty ? nil : others[random.next(below: others.count)]
    }
    if mining == .inBatch {
      return Plan(extraRows: []) { vectors, context in
        nearestInBatch(positives, batchLabels, vectors, context)
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
    _ positives: [Int?], _ labels: [Int], _ vectors: Tensor, _ context: Context
  ) -> TripletIndices {
    let count = labels.count
    let distances = context.withoutTape().constant(vectors).distancesAmongRows().tensor.values
    var triplets = TripletIndices()
    for (anchor, positive) in positives.enumerated() {
      guard let positive else { continue }
      let row = distances[anchor * count..<(anchor + 1) * count], start = row.startIndex
      let nearest = firstIndices(negativesPerAnchor, of: labels.indices) {
        labels[$0] != labels[anchor]
      } by: { left, right in
        (row[start + left], left) < (row[start + right], right)
      }
      guard let last = nearest.last else { continue }
      let missing = repeatElement(last, count: negativesPerAnchor - nearest.count)
      triplets.append(anchor: anchor, positive: positive, negatives: nearest + missing)
    }
    return triplets
  }
}
