// SPDX-License-Identifier: Apache-2.0

/// Where the negatives of labeled texts come from, for losses of triplets, pairs and rankings.
public enum Mining: Sendable, Equatable {
  /// The nearest text of another label in the batch, as the vectors are at the time.
  case inBatch
  /// A random text of another label: most are easy, and teach little.
  case random
  /// The nearest texts of other labels among all, found before training or again every so many updates.
  case offline(OfflineSettings)

  /// What programs and run descriptions call it.
  public var name: String {
    switch self {
    case .inBatch: "in-batch"
    case .random: "random"
    case .offline: "offline"
    }
  }

  /// How negatives are mined among all texts; nil where they are not.
  public var offlineSettings: OfflineSettings? {
    if case .offline(let settings) = self { settings } else { nil }
  }

  /// How negatives are mined among all texts of a data set.
  public struct OfflineSettings: Sendable, Equatable {
    /// After how many updates all texts are embedded and mined again; nil: never, the first negatives stay.
    public var interval: Int?
    /// By how much a negative's cosine must be below that of the anchor's nearest text of its own label: what is nearer
    /// may well be of that label, too. nil: it may be nearer.
    public var margin: Float?
    /// The same as a share of that cosine: a negative's is at most 1 minus this, times it.
    public var relativeMargin: Float?

    /// Settings; without any, negatives are mined once, and as near as there are.
    public init(interval: Int? = nil, margin: Float? = nil, relativeMargin: Float? = nil) {
      self.interval = interval
      self.margin = margin
      self.relativeMargin = relativeMargin
    }
  }
}
