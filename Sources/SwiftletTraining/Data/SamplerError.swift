// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Thrown when no batch of the data can have both a positive and a negative.
package enum SamplerError: SwiftletError, Equatable {
  /// Fewer than two labels have two texts.
  case tooFewLabels(Int, withTwoTexts: Int)
  /// A batch has fewer than two labels, so there would be no negatives.
  case tooFewLabelsPerBatch(Int)
  /// A label has fewer than two texts in a batch, so there would be no positives.
  case tooFewSamplesPerLabel(Int)
  /// A batch has a single pair, so there would be no negatives.
  case tooFewPairsPerBatch(Int)
  /// All pairs have this text, so no pair has a negative in another.
  case noNegatives(sharedText: String)

  package var path: String? { nil }

  package var reason: String {
    switch self {
    case .tooFewLabels(let count, let trainable): "\(trainable) of \(count) labels have two texts or more"
    case .tooFewLabelsPerBatch(let count): "\(count) labels a batch leave no negatives"
    case .tooFewSamplesPerLabel(let count): "\(count) texts a label leave no positives"
    case .tooFewPairsPerBatch(let count): "batches of \(count) \(count == 1 ? "pair" : "pairs") leave no negatives"
    case .noNegatives(let text): "all pairs have the text \(quoted(text)), so that none is a negative of another"
    }
  }

  package var remedy: String {
    switch self {
    case .tooFewLabels: "training needs at least 2 such labels: add texts"
    case .tooFewLabelsPerBatch, .tooFewSamplesPerLabel, .tooFewPairsPerBatch: "give at least 2"
    case .noNegatives: "add pairs of other texts"
    }
  }
}
