// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// How well the labels of vectors are told by those near them.
///
/// Neighbors are ranked by their cosine; of equals the one with the lower index comes first. Without references, those
/// of a vector are all others ("leave one out"). A metric that no vector contributes to is NaN.
///
/// Musgrave, Belongie, Lim: A metric learning reality check, ECCV 2020, for R-precision and MAP@R.
package struct NearestNeighborMetrics: Equatable, Sendable {
  /// How many vectors have the label of their nearest neighbor.
  package let accuracyAt1: Double

  /// How many vectors have the label whose centroid is the nearest: the mean of the label's references, each scaled to
  /// unit length.
  package let centroidAccuracy: Double

  /// As ``accuracyAt1``, without the vectors whose label no reference has.
  package let precisionAt1: Double

  /// With R references of a vector's label, the part of its R nearest that have it. The mean over the vectors with R > 0.
  package let rPrecision: Double

  /// Σ P(i) rel(i) / R over the R nearest, where P(i) is the part of the i nearest that have the vector's label, and
  /// rel(i) is 1 if the i-th has it, else 0. The mean over the vectors with R > 0.
  package let meanAveragePrecisionAtR: Double

  /// The metrics of vectors among themselves, each left out of its own references.
  ///
  /// - Parameters:
  ///   - vectors: `[count, dimension]`, finite, of any lengths.
  ///   - labels: the label of each, from 0 on.
  package init(_ vectors: Tensor, labels: [Int]) {
    self.init(LabeledVectors(vectors: UnitVectors(vectors), labels: labels), references: nil, on: .shared)
  }

  /// The metrics of vectors among references.
  ///
  /// - Parameters:
  ///   - vectors: `[count, dimension]`, finite, of any lengths.
  ///   - labels: the label of each, from 0 on.
  ///   - references: `[references, dimension]`.
  ///   - referenceLabels: the label of each reference.
  package init(_ vectors: Tensor, labels: [Int], references: Tensor, referenceLabels: [Int]) {
    self.init(
      LabeledVectors(vectors: UnitVectors(vectors), labels: labels),
      references: LabeledVectors(vectors: UnitVectors(references), labels: referenceLabels), on: .shared)
  }

  init(_ queries: LabeledVectors, references: LabeledVectors?, on pool: ThreadPool) {
    let ranks = neighborRanks(of: queries, among: references, on: pool)
    let correct = centroidHits(of: queries, among: references, on: pool)
    let ranked = ranks.filter { $0.relevant > 0 }
    accuracyAt1 = mean(ranks) { $0.isNearest ? 1 : 0 }
    precisionAt1 = mean(ranked) { $0.isNearest ? 1 : 0 }
    rPrecision = mean(ranked) { Double($0.hits) / Double($0.relevant) }
    meanAveragePrecisionAtR = mean(ranked) { $0.precisionSum / Double($0.relevant) }
    centroidAccuracy = mean(correct) { $0 ? 1 : 0 }
  }

  var evaluation: Evaluation {
    Evaluation(
      [
        ("accuracy_at_1", accuracyAt1), ("centroid_accuracy", centroidAccuracy), ("precision_at_1", precisionAt1),
        ("r_precision", rPrecision), ("map_at_r", meanAveragePrecisionAtR),
      ], main: 0)
  }
}

/// The mean, added up in order; NaN of nothing.
func mean<Element>(_ elements: [Element], _ value: (Element) -> Double) -> Double {
  elements.isEmpty ? .nan : elements.reduce(0) { $0 + value($1) } / Double(elements.count)
}
