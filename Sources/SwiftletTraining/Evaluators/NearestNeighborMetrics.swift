// SPDX-License-Identifier: Apache-2.0

package import SwiftletTensors

/// Metrics of how well the neighbors of vectors predict their labels.
///
/// Neighbors are ranked by cosine; of equals the lower index comes first. Without references, the references of a
/// vector are all other vectors ("leave one out"). A metric without contributing vectors is NaN.
///
/// Musgrave, Belongie, Lim: A metric learning reality check, ECCV 2020, for R-precision and MAP@R.
package struct NearestNeighborMetrics: Equatable, Sendable {
  /// The fraction of vectors that have the label of their nearest neighbor.
  package let accuracyAt1: Double

  /// The fraction of vectors that have the label of the nearest centroid: the mean of the label's references, each
  /// scaled to unit length.
  package let centroidAccuracy: Double

  /// ``accuracyAt1`` without vectors whose label no reference has.
  package let precisionAt1: Double

  /// The mean over vectors with R > 0 references of their label of the fraction of the R nearest references that have
  /// the label.
  package let rPrecision: Double

  /// Σ P(i) rel(i) / R over the R nearest, where P(i) is the fraction of the i nearest that have the vector's label,
  /// and rel(i) is 1 if the i-th has it, else 0. The mean over the vectors with R > 0.
  package let meanAveragePrecisionAtR: Double

  /// Computes the metrics of vectors among themselves. No vector is its own reference.
  ///
  /// - Parameters:
  ///   - vectors: `[count, dimension]`, finite, of any length.
  ///   - labels: the label of each vector, from 0.
  package init(_ vectors: Tensor, labels: [Int]) {
    self.init(LabeledVectors(vectors: UnitVectors(vectors), labels: labels), references: nil, on: .shared)
  }

  /// Computes the metrics of vectors among references.
  ///
  /// - Parameters:
  ///   - vectors: `[count, dimension]`, finite, of any length.
  ///   - labels: the label of each vector, from 0.
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

/// The mean, added in order; NaN for no elements.
func mean<Element>(_ elements: [Element], _ value: (Element) -> Double) -> Double {
  elements.isEmpty ? .nan : elements.reduce(0) { $0 + value($1) } / Double(elements.count)
}
