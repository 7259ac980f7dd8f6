// SPDX-License-Identifier: Apache-2.0

/// Texts for training or evaluation, in one of five forms.
public enum Dataset: Sendable {
  /// Texts with a label each.
  case labeledTexts(LabeledTexts)
  /// Anchors with a positive and negatives each.
  case triplets(TextTriplets)
  /// Pairs of texts with a similarity score each.
  case scoredPairs(ScoredPairs)
  /// Pairs of texts that are labeled similar or not.
  case labeledPairs(LabeledPairs)
  /// Anchors with a positive each.
  case positivePairs(PositivePairs)

  /// The form of a data set.
  public enum Kind: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Columns text and label.
    case labeledTexts
    /// Columns anchor, positive and one negative or more.
    case triplets
    /// Columns sentence1, sentence2 and score.
    case scoredPairs
    /// Columns sentence1, sentence2 and label.
    case labeledPairs
    /// Columns anchor and positive, or sentence1 and sentence2 alone.
    case positivePairs

    /// The kind in words, for messages.
    public var description: String {
      switch self {
      case .labeledTexts: "labeled texts"
      case .triplets: "triplets"
      case .scoredPairs: "scored pairs"
      case .labeledPairs: "labeled pairs"
      case .positivePairs: "positive pairs"
      }
    }
  }

  /// The form of this data set.
  public var kind: Kind {
    switch self {
    case .labeledTexts: .labeledTexts
    case .triplets: .triplets
    case .scoredPairs: .scoredPairs
    case .labeledPairs: .labeledPairs
    case .positivePairs: .positivePairs
    }
  }

  /// The number of rows.
  public var count: Int {
    switch self {
    case .labeledTexts(let rows): rows.count
    case .triplets(let rows): rows.count
    case .scoredPairs(let rows): rows.count
    case .labeledPairs(let rows): rows.count
    case .positivePairs(let rows): rows.count
    }
  }

  /// All texts, column by column.
  var texts: [String] {
    switch self {
    case .labeledTexts(let rows): rows.texts
    case .triplets(let rows): rows.anchors + rows.positives + rows.negatives.joined()
    case .scoredPairs(let rows): rows.first + rows.second
    case .labeledPairs(let rows): rows.first + rows.second
    case .positivePairs(let rows): rows.anchors + rows.positives
    }
  }
}
