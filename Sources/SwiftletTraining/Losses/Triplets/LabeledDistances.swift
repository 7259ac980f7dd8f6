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

  /// The rows of each label.
  private let rows: [Int: [Int]]

  /// The farthest positive and the nearest negative of each anchor; nil if there is none. Of equally far rows it is the
  /// first. NaN counts as the hardest.
  private let hardest: [(positive: Int?, negative: Int?)]

  /// - Parameter anchors: the rows to use as anchors; nil: all.
  init(_ batch: LabeledBatch, _ distance: Distance, anchors: Range<Int>? = nil) {
    let labels = batch.labels, anchors = anchors ?? 0..<labels.count
    let distances = batch.vectors.distancesAmongRows(distance, of: anchors)
    let rows = Dictionary(grouping: labels.indices) { labels[$0] }
    self.anchors = anchors
    self.labels = labels
    self.distances = distances
    self.rows = rows
    hardest = Context.of(distances).worker.map(count: anchors.count) { [tensor = distances.tensor] index in
      let alike = rows[labels[anchors.lowerBound + index]] ?? []
      return tensor.matrix.row(index).withSpan { distances in
        (
          LabeledDistances.farthest(of: alike, but: anchors.lowerBound + index, distances),
          LabeledDistances.nearest(outside: alike, distances)
        )
      }
    }
  }

  private static func farthest(of rows: [Int], but anchor: Int, _ distances: Span<Float>) -> Int? {
    var farthest: Int?
    for row in rows where row != anchor {
      if distances[row].isNaN { return row }
      if let known = farthest, distances[row] <= distances[known] { continue }
      farthest = row
    }
    return farthest
  }

  /// - Parameter rows: in ascending order.
  private static func nearest(outside rows: [Int], _ distances: Span<Float>) -> Int? {
    var nearest: Int?, least = Float.infinity, start = 0
    for end in rows + [distances.count] {
      for row in start..<end where !(distances[row] >= least) || nearest == nil {
        if distances[row].isNaN { return row }
        (nearest, least) = (row, distances[row])
      }
      start = end + 1
    }
    return nearest
  }

  subscript(_ anchor: Int, _ other: Int) -> Float { distances.tensor.matrix[anchor - anchors.lowerBound, other] }

  /// The place of each anchor's distance to another row.
  private func places(_ others: some Sequence<Int?>) -> [Int?] {
    others.enumerated().map { index, other in other.map { index * labels.count + $0 } }
  }

  /// The distances of pairs of an anchor and another row, as a variable.
  func distances(_ pairs: [(anchor: Int, other: Int)]) -> Variable {
    distances.elements(pairs.map { ($0.anchor - anchors.lowerBound) * labels.count + $0.other })
  }

  // MARK: Hardest of each anchor

  /// The distance from each anchor to its farthest positive; 0 if there is none.
  func hardestPositives() -> Variable {
    distances.chosen(places(hardest.lazy.map(\.positive)), shape: [anchors.count])
  }

  /// The distance from each anchor to its nearest negative. If the batch has only one label, it is the distance to the
  /// farthest row, so that positive and negative cancel, as in sentence-transformers.
  func hardestNegatives() -> Variable {
    rows.count > 1
      ? distances.chosen(places(hardest.lazy.map(\.negative)), shape: [anchors.count]) : distances.rowMaxima()
  }

  // MARK: Positives and negatives of one anchor

  /// What a function gives for each anchor. Threads share the anchors.
  func map<Result>(_ transform: @escaping (_ anchor: Int) -> Result) -> [Result] {
    Context.of(distances).worker.map(count: anchors.count) { transform(anchors.lowerBound + $0) }
  }

  func positives(of anchor: Int) -> [Int] { rows[labels[anchor]]?.filter { $0 != anchor } ?? [] }

  func negatives(of anchor: Int) -> RankedRows {
    RankedRows(
      labels.indices.lazy.filter { labels[$0] != labels[anchor] }.map { (distance: self[anchor, $0], row: $0) })
  }

  // MARK: Statistics

  /// - Parameter terms: the terms of the loss.
  func statistics(terms: Variable) -> BatchStatistics {
    statistics(activeFraction: BatchStatistics.activeFraction(of: terms), ofTerms: terms.count)
  }

  /// - Parameter termCount: what the fraction is of.
  func statistics(activeFraction: Float?, ofTerms termCount: Int) -> BatchStatistics {
    func distances(_ others: some Sequence<Int?>) -> [Float] {
      zip(anchors, others).compactMap { anchor, other in other.map { self[anchor, $0] } }
    }
    let positives = distances(hardest.lazy.map(\.positive)), negatives = distances(hardest.lazy.map(\.negative))
    var statistics = BatchStatistics(
      activeFraction: activeFraction, hardestPositive: BatchStatistics.mean(positives),
      hardestNegative: BatchStatistics.mean(negatives))
    statistics.counts = BatchStatistics.Counts(
      terms: termCount, positives: positives.count, negatives: negatives.count)
    return statistics
  }
}
