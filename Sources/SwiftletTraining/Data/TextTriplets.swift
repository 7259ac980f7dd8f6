// SPDX-License-Identifier: Apache-2.0

/// Texts, each with one that means the same and some that do not.
public struct TextTriplets: Sendable {
  /// The texts to compare with.
  public let anchors: [String]
  /// For each anchor a text of its meaning.
  public let positives: [String]
  /// For each anchor texts of another meaning, at least one and for all anchors as many.
  public let negatives: [[String]]

  /// The number of anchors.
  public var count: Int { anchors.count }

  /// Triplets, row by row.
  public init(anchors: [String], positives: [String], negatives: [[String]]) {
    precondition(
      positives.count == anchors.count && negatives.count == anchors.count,
      "\(anchors.count) anchors, \(positives.count) positives, \(negatives.count) rows of negatives")
    precondition(
      negatives.allSatisfy { !$0.isEmpty && $0.count == negatives[0].count },
      "each row needs a negative, and as many as the others")
    self.anchors = anchors
    self.positives = positives
    self.negatives = negatives
  }
}
