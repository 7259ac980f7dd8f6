// SPDX-License-Identifier: Apache-2.0

/// How negatives of labeled texts are found for losses of triplets, pairs and rankings.
public enum Mining: Sendable, Equatable {
  /// The nearest text of another label in the batch, by the current vectors.
  case inBatch
  /// A random text of another label. Most are easy and have little effect.
  case random
  /// The nearest texts of other labels in the whole data set, found before training or at intervals.
  case offline(OfflineSettings)

  /// The name in programs and run descriptions.
  public var name: String {
    switch self {
    case .inBatch: "in-batch"
    case .random: "random"
    case .offline: "offline"
    }
  }

  /// The settings of offline mining; nil for other ways.
  public var offlineSettings: OfflineSettings? {
    if case .offline(let settings) = self { settings } else { nil }
  }

  /// Settings of mining negatives in the whole data set.
  public struct OfflineSettings: Sendable, Equatable {
    /// The number of updates after which negatives are mined again; nil: they are mined only once.
    public var interval: Int?
    /// The difference by which the cosine of a negative must be below that of the anchor's nearest positive. Nearer
    /// texts may be mislabeled. nil: no limit.
    public var margin: Float?
    /// A relative margin: the cosine of a negative is at most (1 - margin) times that of the anchor's nearest positive.
    /// nil: no limit.
    public var relativeMargin: Float?

    /// Creates settings. By default negatives are mined once, without margins.
    public init(interval: Int? = nil, margin: Float? = nil, relativeMargin: Float? = nil) {
      self.interval = interval
      self.margin = margin
      self.relativeMargin = relativeMargin
    }
  }
}
