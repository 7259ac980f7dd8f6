// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff

extension TrainingLoss {
  /// The loss of the vectors of a batch, each with a label.
  func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue {
    guard case .labeled(let loss) = self else { preconditionFailure("a loss of labeled vectors") }
    return loss(vectors, labels: labels, in: context)
  }

  /// The loss of triplets among the vectors of a batch. A loss of pairs takes each anchor with its positive, the target
  /// being 1, and with each of its negatives, the target being 0. A batch in which mining found no triplet has the loss 0.
  ///
  /// - Parameter labels: of the vectors, by which a ranking loss tells what is no negative; nil where there are none.
  func callAsFunction(
    _ vectors: Variable, _ triplets: TripletIndices, labels: [Int]? = nil, in context: Context
  ) -> LossValue {
    func rows(_ indices: [Int]) -> Variable { context.rows(of: vectors, at: indices) }
    let anchors = triplets.anchors, positives = triplets.positives, negatives = triplets.negatives
    if anchors.isEmpty { return LossValue(context.sum(of: rows([]))) }
    switch self {
    case .triplets(let loss):
      return loss(anchors: rows(anchors), positives: rows(positives), negatives: rows(negatives), in: context)
    case .ranking(let loss):
      let classes = labels.map { labels in (anchors + negatives).map { labels[$0] } }
      return loss(
        anchors: rows(anchors), positives: rows(positives), negatives: rows(negatives), classes: classes, in: context)
    case .pairs(let loss):
      let negativesPerAnchor = negatives.count / anchors.count
      let repeated = anchors.flatMap { repeatElement($0, count: negativesPerAnchor) }
      let targets = anchors.map { _ in Float(1) } + repeated.map { _ in 0 }
      return loss(
        first: rows(anchors + repeated), second: rows(positives + negatives), targets: targets, in: context)
    case .labeled, .classification: preconditionFailure("a loss of triplets or pairs")
    }
  }

  /// The loss of pairs: the first half of the vectors with the second.
  func callAsFunction(_ vectors: Variable, targets: [Float], in context: Context) -> LossValue {
    guard case .pairs(let loss) = self else { preconditionFailure("a loss of pairs") }
    let count = targets.count
    return loss(
      first: context.rows(of: vectors, at: Array(0..<count)),
      second: context.rows(of: vectors, at: Array(count..<2 * count)), targets: targets, in: context)
  }
}
