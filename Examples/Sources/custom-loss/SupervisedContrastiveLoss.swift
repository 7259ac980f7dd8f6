// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// For each text a and each p of its label, how badly p is told from all texts of the batch:
/// the mean over (a, p) of log Σ_{o ≠ a} exp(a·o / t) - a·p / t, with the temperature t.
///
/// A loss is a function of the batch's vectors, put together from the ops of `Context`; each op brings its derivative.
///
/// Khosla et al.: Supervised contrastive learning, NeurIPS 2020, equation 2, where all labels have as many texts.
struct SupervisedContrastiveLoss: LabeledLoss {
  let temperature: Float

  func callAsFunction(_ vectors: Variable, labels: [Int], in context: Context) -> LossValue {
    let count = labels.count
    let similarities = context.product(context.dotProducts(vectors, withAll: vectors), 1 / temperature)
    // exp takes this to 0: no text is compared with itself.
    let itself = Tensor((0..<count * count).map { $0 / count == $0 % count ? -1e9 : 0 }, shape: [count, count])
    let sums = context.rowLogSumExps(of: context.sum(similarities, Variable(itself)))

    let pairs = (0..<count * count).filter { $0 / count != $0 % count && labels[$0 / count] == labels[$0 % count] }
    let terms = context.difference(
      context.elements(of: sums, at: pairs.map { $0 / count }), context.elements(of: similarities, at: pairs))
    return LossValue(context.mean(of: terms))
  }
}
