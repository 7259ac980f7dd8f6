// SPDX-License-Identifier: Apache-2.0

public import SwiftletTensors

/// The scores of some pairs of texts, in the order of the pairs: for each pair a list with one score for each label.
///
/// ```swift
/// let scores = try encoder.scores(of: [("How tall is it?", "It is 8 m tall."), ("How tall is it?", "No.")])
/// for (score, label) in zip(scores[0], encoder.labels) { print(label, score) }
/// ```
public struct PairScores: RandomAccessCollection, Sendable {
  /// `[pairs, labels]`, float32, row-major.
  public let tensor: Tensor

  /// The indices of pairs that were cut because they have more tokens than the maximum length.
  public let truncated: [Int]

  /// The number of scores of each pair.
  public var labelCount: Int { tensor.shape[1] }

  /// The index of the first pair, 0.
  public var startIndex: Int { 0 }

  /// The number of pairs.
  public var endIndex: Int { tensor.shape[0] }

  /// The scores of one pair.
  public subscript(index: Int) -> [Float] {
    precondition(index >= 0 && index < endIndex, "pair \(index) of \(endIndex)")
    let scores = tensor.matrix.row(index)
    return (0..<labelCount).map { scores[$0] }
  }
}

/// A document with its score, as ``CrossEncoder/rank(query:documents:topK:prompt:asLogits:)-1m5c`` gives it.
public struct RankedDocument: Sendable, Equatable {
  /// The place in the list of documents.
  public let index: Int
  /// The score. Higher is better.
  public let score: Float
}
