// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Thrown when data or vectors cannot be evaluated.
package enum EvaluationError: SwiftletError, Equatable {
  /// References were given for data other than labeled texts.
  case unusedReferences(Dataset.Kind)
  /// A cross-encoder with this number of labels, where one is needed.
  case severalLabels(Int)
  /// The vector of the text at this index has a number that is NaN or infinite.
  case nonFiniteVector(text: Int)

  package var path: String? { nil }

  package var reason: String {
    switch self {
    case .unusedReferences(let kind): "references are for labeled texts, not for \(kind)"
    case .severalLabels(let count): "the cross-encoder has \(count) labels, and reranking needs one"
    case .nonFiniteVector(let text): "the vector of text \(text + 1) is not finite"
    }
  }

  package var remedy: String {
    switch self {
    case .unusedReferences: "leave them out"
    case .severalLabels: "give a cross-encoder with one label"
    case .nonFiniteVector: "check the model's weights"
    }
  }
}
