// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors

/// Labeled texts, and those among which each finds its neighbors: the references, or without any all others.
struct NeighborTexts: Sendable {
  /// The texts, then the references.
  let texts: [String]
  /// What is odd about their labels, a line each.
  let warnings: [String]

  private let labels: [Int]
  private let referenceLabels: [Int]?

  init(_ queries: LabeledTexts, references: LabeledTexts?) {
    texts = queries.texts + (references?.texts ?? [])
    warnings = [references.map { queries.warning(references: $0) } ?? queries.warning].compactMap { $0 }
    labels = queries.labels
    referenceLabels = references?.labels(numberedAs: queries.labelNames)
  }

  /// The vectors of all texts with their labels, apart from those of the references.
  func labeled(_ vectors: Tensor) -> (queries: LabeledVectors, references: LabeledVectors?) {
    let references = referenceLabels.map {
      LabeledVectors(vectors: UnitVectors(vectors, rows: labels.count..<texts.count), labels: $0)
    }
    return (LabeledVectors(vectors: UnitVectors(vectors, rows: 0..<labels.count), labels: labels), references)
  }
}
