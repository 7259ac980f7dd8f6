// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

/// Thrown when no batch of the labeled texts can have both a positive and a negative.
package enum SamplerError: SwiftletError, Equatable {
  /// Fewer than two labels have two texts.
  case tooFewLabels(Int, withTwoTexts: Int)
  /// A batch has fewer than two labels, so there would be no negatives.
  case tooFewLabelsPerBatch(Int)
  /// A label has fewer than two texts in a batch, so there would be no positives.
  case tooFewTextsPerLabel(Int)

  package var path: String? { nil }

  package var reason: String {
    switch self {
    case .tooFewLabels(let count, let trainable): "\(trainable) of \(count) labels have two texts or more"
    case .tooFewLabelsPerBatch(let count): "\(count) labels a batch leave no negatives"
    case .tooFewTextsPerLabel(let count): "\(count) texts a label leave no positives"
    }
  }

  package var remedy: String {
    switch self {
    case .tooFewLabels: "training needs at least 2 such labels: add texts"
    case .tooFewLabelsPerBatch, .tooFewTextsPerLabel: "give at least 2"
    }
  }
}
