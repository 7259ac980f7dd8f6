// SPDX-License-Identifier: Apache-2.0

/// Pairs of texts, each with a number that grows with how alike they are.
public struct ScoredPairs: Sendable {
  /// The first text of each pair.
  public let first: [String]
  /// The second text of each pair.
  public let second: [String]
  /// The score of each pair, finite, on any scale.
  public let scores: [Double]

  /// The number of pairs.
  public var count: Int { scores.count }

  /// Pairs, row by row.
  public init(first: [String], second: [String], scores: [Double]) {
    precondition(
      first.count == scores.count && second.count == scores.count,
      "\(first.count) first texts, \(second.count) second ones, \(scores.count) scores")
    precondition(scores.allSatisfy(\.isFinite), "a score that is not finite")
    self.first = first
    self.second = second
    self.scores = scores
  }
}
