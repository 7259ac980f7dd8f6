// SPDX-License-Identifier: Apache-2.0

/// Pairs of texts that are alike or not.
public struct LabeledPairs: Sendable {
  /// The first text of each pair.
  public let first: [String]
  /// The second text of each pair.
  public let second: [String]
  /// Whether the two texts of each pair are alike: label 1 in a table, 0 for not.
  public let areAlike: [Bool]

  /// The number of pairs.
  public var count: Int { areAlike.count }

  /// Pairs, row by row.
  public init(first: [String], second: [String], areAlike: [Bool]) {
    precondition(
      first.count == areAlike.count && second.count == areAlike.count,
      "\(first.count) first texts, \(second.count) second ones, \(areAlike.count) labels")
    self.first = first
    self.second = second
    self.areAlike = areAlike
  }

  /// A line that warns of pairs among which there is nothing to tell apart; nil if there is.
  var warning: String? {
    if areAlike.allSatisfy({ $0 }) { return "all pairs have the label 1: any vectors have the best scores" }
    return areAlike.contains(true) ? nil : "no pair has the label 1: f1, precision, recall and ap are undefined"
  }
}
