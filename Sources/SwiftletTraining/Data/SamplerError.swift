// SPDX-License-Identifier: Apache-2.0

/// Labeled texts of which no batch with a positive and a negative can be made.
public enum SamplerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Fewer than two labels have two texts.
  case tooFewLabels(Int, withTwoTexts: Int)
  /// Fewer than two labels a batch: there would be no negatives.
  case tooFewLabelsPerBatch(Int)
  /// Fewer than two texts a label: there would be no positives.
  case tooFewTextsPerLabel(Int)

  /// One line: what is wrong and what to do.
  public var description: String {
    switch self {
    case .tooFewLabels(let count, let trainable):
      "\(trainable) of \(count) labels have two texts or more; training needs at least 2 such labels: add texts"
    case .tooFewLabelsPerBatch(let count): "\(count) labels a batch leave no negatives; give at least 2"
    case .tooFewTextsPerLabel(let count): "\(count) texts a label leave no positives; give at least 2"
    }
  }
}
