// SPDX-License-Identifier: Apache-2.0

/// How well a threshold on the similarity of two texts tells pairs that are alike from those that are not.
///
/// A pair is taken for alike if its similarity is at least the threshold. Thresholds lie midway between neighboring
/// similarities; the least of these is one itself, and the next number above the greatest takes no pair for alike.
/// Accuracy and F1 each have their own, of equally good ones the highest. Without pairs that are alike all but
/// the accuracy is NaN.
///
/// As sentence-transformers' BinaryClassificationEvaluator has it, and scikit-learn's average_precision_score.
package struct PairMetrics: Equatable, Sendable {
  /// The largest part of the pairs that a threshold takes for what they are.
  package let accuracy: Double

  /// The threshold of ``accuracy``.
  package let accuracyThreshold: Double

  /// The largest 2 precision recall / (precision + recall) that a threshold has.
  package let f1: Double

  /// The threshold of ``f1``.
  package let f1Threshold: Double

  /// The part of the pairs taken for alike that are, with the threshold of ``f1``.
  package let precision: Double

  /// The part of the pairs that are alike which is taken for it, with the threshold of ``f1``.
  package let recall: Double

  /// Σ (R(i) - R(i-1)) P(i) over all thresholds from the highest on, with their precision P and recall R.
  package let averagePrecision: Double

  /// The metrics of pairs.
  ///
  /// - Parameters:
  ///   - similarities: of the two texts of each pair, higher for more alike ones; no NaN.
  ///   - areAlike: whether they are alike.
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

/// The number between two, or the higher one where there is none.
private func midway(_ high: Double, _ low: Double) -> Double {
  let middle = (high + low) / 2
  return middle > low ? middle : high
}
