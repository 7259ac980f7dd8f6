// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// The vectors of the same labeled texts before and after tuning.
package struct EncoderComparison {
  let texts: LabeledTexts
  let before: Tensor
  let after: Tensor
  let encoder: SentenceEncoder?

  /// - Parameters:
  ///   - texts: two or more.
  ///   - before: `[texts, dimension]`, the vectors of the one encoder, of any lengths; finite.
  ///   - after: those of the other.
  ///   - encoder: whose threads do the work; nil: those of the process, one a processor.
  package init(
    _ texts: LabeledTexts, before: Tensor, after: Tensor, onThreadsOf encoder: SentenceEncoder? = nil
  ) {
    precondition(
      texts.count >= 2 && before.shape[0] == texts.count && after.shape[0] == texts.count,
      "vectors of shapes \(before.shape) and \(after.shape) for \(texts.count) texts")
    (self.texts, self.before, self.after, self.encoder) = (texts, before, after, encoder)
  }

  /// A text, as much of it as one wants to read.
  func text(_ index: Int) -> String { texts.texts[index].cut(to: 240) }

  /// The name of a text's label.
  func label(_ index: Int) -> String { labelName(texts.labels[index]) }

  func labelName(_ label: Int) -> String { texts.labelNames[label].cut(to: 60) }
}
