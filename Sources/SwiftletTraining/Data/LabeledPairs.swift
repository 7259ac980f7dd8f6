// SPDX-License-Identifier: Apache-2.0

/// Pairs of texts that are labeled similar or not.
public struct LabeledPairs: Sendable {
  /// The first texts of the pairs.
  public let first: [String]
  /// The second texts of the pairs.
  public let second: [String]
  /// Whether the two texts of each pair are similar: label 1 in a table, else 0.
  public let areAlike: [Bool]

  /// The number of pairs.
  public var count: Int { areAlike.count }

  /// Creates pairs row by row.
  public init(first: [String], second: [String], areAlike: [Bool]) {
    precondition(
      first.count == areAlike.count && second.count == areAlike.count,
      "\(first.count) first texts, \(second.count) second ones, \(areAlike.count) labels")
    self.first = first
    self.second = second
    self.areAlike = areAlike
  }

  /// A warning if all pairs have the same label; else nil.
  var warning: String? {
    if areAlike.allSatisfy({ $0 }) { return "all pairs have the label 1: any vectors have the best scores" }
    return areAlike.contains(true) ? nil : "no pair has the label 1: f1, precision, recall and ap are undefined"
  }
}
