// SPDX-License-Identifier: Apache-2.0

/// Pairs of texts with a similarity score each.
public struct ScoredPairs: Sendable {
  /// The first texts of the pairs.
  public let first: [String]
  /// The second texts of the pairs.
  public let second: [String]
  /// The score of each pair: finite, on any scale, higher for more similar texts.
  public let scores: [Double]

  /// The number of pairs.
  public var count: Int { scores.count }

  /// Creates pairs row by row.
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
  /// A warning of scores outside the range of the loss; nil if there are none.
  func warning(for loss: any Loss) -> String? {
    guard let targets = (loss as? any BoundedTargetsLoss).map({ type(of: $0).targets }),
      let lowest = scores.min(), let highest = scores.max(), !targets.contains(lowest) || !targets.contains(highest)
    else { return nil }
    return "scores are from \(lowest) to \(highest), but \(loss.messageName) expects scores from "
      + "\(Int(targets.lowerBound)) to \(Int(targets.upperBound)): scale them, or choose the loss \(CoSENTLoss.name)"
  }
}
