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

extension ScoredPairs {
  /// A line that warns of scores that the loss would take for targets out of its reach; nil if there are none.
  func warning(for loss: LossName) -> String? {
    // These go by the order of the scores alone.
    if loss == .coSENT || loss == .anglE { return nil }
    let least = loss == .cosineSimilarity ? -1 : 0
    guard let lowest = scores.min(), let highest = scores.max(), lowest < Double(least) || highest > 1 else {
      return nil
    }
    return "scores are from \(lowest) to \(highest), but \(loss.rawValue) takes them as from \(least) to 1: scale "
      + "them, or choose the loss \(LossName.coSENT.rawValue)"
  }
}
