// SPDX-License-Identifier: Apache-2.0

/// Anchors with a positive, a text of the same meaning, and negatives, texts of other meanings.
public struct TextTriplets: Sendable {
  /// The anchors: texts that others are compared with.
  public let anchors: [String]
  /// A text with the meaning of the anchor, for each anchor.
  public let positives: [String]
  /// Texts of other meanings for each anchor, at least one.
  public let negatives: [[String]]

  /// The number of anchors.
  public var count: Int { anchors.count }

  /// Creates triplets row by row.
  public init(anchors: [String], positives: [String], negatives: [[String]]) {
    precondition(
      positives.count == anchors.count && negatives.count == anchors.count,
      "\(anchors.count) anchors, \(positives.count) positives, \(negatives.count) rows of negatives")
    precondition(negatives.allSatisfy { !$0.isEmpty }, "each row needs a negative")
    self.anchors = anchors
    self.positives = positives
    self.negatives = negatives
  }
}
