// SPDX-License-Identifier: Apache-2.0

/// Texts to train or to evaluate with, of one of the kinds that losses and evaluators take.
public enum Dataset: Sendable {
  /// Texts, each with the name of its class.
  case labeledTexts(LabeledTexts)
  /// Anchors, each with a positive and its negatives.
  case triplets(TextTriplets)
  /// Pairs of texts, each with a number that says how alike they are.
  case scoredPairs(ScoredPairs)
  /// Pairs of texts that are alike or not.
  case labeledPairs(LabeledPairs)

  /// What a data set is made of.
  public enum Kind: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Columns text and label.
    case labeledTexts
    /// Columns anchor, positive and one negative or more.
    case triplets
    /// Columns sentence1, sentence2 and score.
    case scoredPairs
    /// Columns sentence1, sentence2 and label.
    case labeledPairs

    /// The kind in words.
    public var description: String {
      switch self {
      case .labeledTexts: "labeled texts"
      case .triplets: "triplets"
      case .scoredPairs: "scored pairs"
      case .labeledPairs: "labeled pairs"
      }
    }
  }

  /// What the data set is made of.
  public var kind: Kind {
    switch self {
    case .labeledTexts: .labeledTexts
    case .triplets: .triplets
    case .scoredPairs: .scoredPairs
    case .labeledPairs: .labeledPairs
    }
  }

  /// The number of rows.
  public var count: Int {
    switch self {
    case .labeledTexts(let rows): rows.count
    case .triplets(let rows): rows.count
    case .scoredPairs(let rows): rows.count
    case .labeledPairs(let rows): rows.count
    }
  }
}
