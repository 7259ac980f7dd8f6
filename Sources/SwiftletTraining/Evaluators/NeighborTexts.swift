// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// Labeled texts with the references among which they find their neighbors. Without references, these are all other
/// texts.
struct NeighborTexts: Sendable {
  /// The texts, then the references.
  let texts: [String]
  /// Non-fatal problems of the labels, one line each.
  let warnings: [String]

  private let labels: [Int]
  private let referenceLabels: [Int]?

  init(_ queries: LabeledTexts, references: LabeledTexts?) {
    texts = queries.texts + (references?.texts ?? [])
    let ofLabels = references.map { queries.warning(references: $0) } ?? queries.warning
    warnings = [ofLabels, (references ?? queries).warningOfOneLabel].compactMap { $0 }
    labels = queries.labels
    referenceLabels = references?.labels(numberedAs: queries.labelNames)
  }

  /// Splits the vectors of all texts into those of the queries and of the references, with their labels.
  func labeled(_ vectors: Tensor) -> (queries: LabeledVectors, references: LabeledVectors?) {
    let references = referenceLabels.map {
      LabeledVectors(vectors: UnitVectors(vectors, rows: labels.count..<texts.count), labels: $0)
    }
    return (LabeledVectors(vectors: UnitVectors(vectors, rows: 0..<labels.count), labels: labels), references)
  }
}
