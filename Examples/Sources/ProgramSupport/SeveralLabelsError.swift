// SPDX-License-Identifier: Apache-2.0

/// Thrown when documents are to be ranked by the scores of a model with several labels.
package struct SeveralLabelsError: Error, CustomStringConvertible {
  private let labels: [String]
  private let remedy: String

  /// - Parameters:
  ///   - labels: the model's.
  ///   - remedy: what to give instead.
  package init(labels: [String], remedy: String) {
    self.labels = labels
    self.remedy = remedy
  }

  package var description: String {
    "this model has \(labels.count) labels (\(labels.prefix(5).joined(separator: ", "))), and a ranking needs one; \(remedy)"
  }
}
