// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// The supervised contrastive loss: it pulls each text a towards the other texts p of its label and away from all other
/// texts. It is the mean over (a, p) of log Σ_{o ≠ a} exp(a·o / t) - a·p / t, with all other texts o of the batch and the
/// temperature t.
///
/// A loss is a function of a batch. Its body is its formula, put together from the operators and methods of `Variable`,
/// which know their derivatives.
///
/// Khosla et al.: Supervised contrastive learning, NeurIPS 2020, equation 2, where all labels have as many texts.
struct SupervisedContrastiveLoss: Loss {
  let temperature: Float

  func callAsFunction(_ batch: LabeledBatch) -> LossValue {
    let similarities = batch.vectors.dotProducts(withAll: batch.vectors) / temperature
    let sums = similarities.masked(where: { $0 == $1 }, fill: -.infinity).rowLogSumExps()

    let pairs = batch.positivePairs
    let similaritiesOfPairs = similarities.elements(pairs.map { $0.anchor * batch.labels.count + $0.positive })
    return LossValue((sums.elements(pairs.map(\.anchor)) - similaritiesOfPairs).mean())
  }
}

extension LabeledBatch {
  /// Each text with each other text of its label.
  fileprivate var positivePairs: [(anchor: Int, positive: Int)] {
    labels.indices.flatMap { anchor in
      labels.indices.filter { $0 != anchor && labels[$0] == labels[anchor] }.map { (anchor, $0) }
    }
  }
}
