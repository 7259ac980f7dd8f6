// SPDX-License-Identifier: Apache-2.0

/// Data or vectors that cannot be evaluated.
public enum EvaluationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// References that only labeled texts have a use for.
  case unusedReferences(Dataset.Kind)
  /// The vector of the text at this index has a number that is NaN or infinite.
  case nonFiniteVector(text: Int)

  /// One line: what is wrong and what to do.
  public var description: String {
    switch self {
    case .unusedReferences(let kind): "references are for labeled texts, not for \(kind); leave them out"
    case .nonFiniteVector(let text): "the vector of text \(text + 1) is not finite; check the model's weights"
    }
  }
}
