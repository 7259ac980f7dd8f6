// SPDX-License-Identifier: Apache-2.0

/// Metrics of how well a threshold on similarity separates pairs of similar texts from other pairs.
///
/// A pair is predicted to be similar if its similarity is at least the threshold. Thresholds lie midway between
/// neighboring similarities; the lowest is the lowest similarity, and the highest is just above the greatest, where no
/// pair is predicted to be similar. Accuracy and F1 have separate thresholds: of equally good ones the highest. Without
/// similar pairs all metrics but the accuracy are NaN.
///
/// As in sentence-transformers' BinaryClassificationEvaluator and scikit-learn's average_precision_score.
package struct PairMetrics: Equatable, Sendable {
  /// The highest fraction of correctly predicted pairs of any threshold.
  package let accuracy: Double

  /// The threshold of ``accuracy``.
  package let accuracyThreshold: Double

  /// The highest 2 precision recall / (precision + recall) of any threshold.
  package let f1: Double

  /// The threshold of ``f1``.
  package let f1Threshold: Double

  /// The fraction of pairs predicted to be similar that are, at the threshold of ``f1``.
  package let precision: Double

  /// The fraction of similar pairs that are predicted to be, at the threshold of ``f1``.
  package let recall: Double

  /// Σ (R(i) - R(i-1)) P(i) over all thresholds from the highest to the lowest, with precision P and recall R.
  package let averagePrecision: Double

  /// Computes the metrics of pairs.
  ///
  /// - Parameters:
  ///   - similarities: the similarity of each pair, higher for more similar texts; no NaN.
  ///   - areAlike: whether each pair is similar.
  package init(_ similarities: [Double], areAlike: [Bool]) {
    precondition(similarities.count == areAlike.count, "\(similarities.count) numbers for \(areAlike.count) pairs")
    precondition(!similarities.contains { $0.isNaN }, "a similarity that is NaN")
    let count = areAlike.count, alike = areAlike.count { $0 }
    let order = similarities.indices.sorted { similarities[$0] > similarities[$1] }
    var bestAccuracy = (correct: count - alike, threshold: order.first.map { similarities[$0].nextUp } ?? .nan)
    var bestF1 = (value: 0.0, threshold: Double.nan, precision: Double.nan, recall: Double.nan)
    var hits = 0, hitsBefore = 0, precisionSum = 0.0
    for (index, pair) in order.enumerated() {
      hits += areAlike[pair] ? 1 : 0
      let similarity = similarities[pair], taken = index + 1
      let next = taken < count ? similarities[order[taken]] : nil
      guard next != similarity else { continue }  // no threshold tells equals apart
      let threshold = next.map { midway(similarity, $0) } ?? similarity
      let correct = hits + (count - alike) - (taken - hits)
      if correct > bestAccuracy.correct { bestAccuracy = (correct, threshold) }
      guard hits > hitsBefore else { continue }
      let precision = Double(hits) / Double(taken), recall = Double(hits) / Double(alike)
      let f1 = 2 * precision * recall / (precision + recall)  // the reference's form, whose rounding parts equals
      if f1 > bestF1.value { bestF1 = (f1, threshold, precision, recall) }
      precisionSum += Double(hits - hitsBefore) * precision
      hitsBefore = hits
    }
    accuracy = count > 0 ? Double(bestAccuracy.correct) / Double(count) : .nan
    accuracyThreshold = bestAccuracy.threshold
    f1 = alike > 0 ? bestF1.value : .nan
    (f1Threshold, precision, recall) = (bestF1.threshold, bestF1.precision, bestF1.recall)
    averagePrecision = alike > 0 ? precisionSum / Double(alike) : .nan
  }

  var evaluation: Evaluation {
    Evaluation(
      [
        ("accuracy", accuracy), ("accuracy_threshold", accuracyThreshold), ("f1", f1), ("f1_threshold", f1Threshold),
        ("precision", precision), ("recall", recall), ("ap", averagePrecision),
      ], main: 6)
  }
}

/// The number midway between two, or the higher one if there is no number between them.
private func midway(_ high: Double, _ low: Double) -> Double {
  let middle = (high + low) / 2
  return middle > low ? middle : high
}
