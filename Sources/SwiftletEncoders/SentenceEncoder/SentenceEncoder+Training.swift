// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletTokenizers

extension SentenceEncoder {
  /// What the encoder learns. Trained weights may have more parameters, behind these.
  package var parameters: [Parameter] { model.parameters.parameters }

  /// - Throws: ``EncoderSettingsError`` for a maximum length that the model does not allow.
  package func check(maxLength: Int?) throws(EncoderSettingsError) {
    let allowed = 2...model.maxPositions
    if let maxLength, !allowed.contains(maxLength) { throw .maxLength(maxLength, allowed: allowed) }
  }

  /// The tokens of texts as the vectors of ``encode(_:prompt:)`` see them, behind the folder's default prompt.
  ///
  /// - Parameter maxLength: the most tokens of a text, which ``check(maxLength:)`` allows; nil: the encoder's.
  package func tokens(of texts: [String], maxLength: Int?) throws -> TokenBatch {
    let prompt = try prompt(named: nil)
    var batch = TokenBatch()
    for text in texts {
      try tokenizer.append(prompt.text(before: text), to: &batch, maxLength: maxLength ?? self.maxLength)
    }
    return batch
  }

  /// How many tokens of the default prompt pooling leaves out.
  package var skippedTokens: Int { get throws { try prompt(named: nil).skippedTokens } }

  /// The vectors of sequences as ``encode(_:prompt:)`` gives them, `[sequences, dimension]`, in a computation that
  /// may record.
  ///
  /// - Parameter skipped: how many tokens of the prompt pooling leaves out, see ``skippedTokens``.
  package func vectors(_ batch: TokenBatch, skipping skipped: Int, in context: Context) -> Variable {
    precondition(finishing.keptDimension == nil, "vectors that are cut are not trained")
    let pooled = pooled(batch, skipping: skipped, in: context)
    return normalizes ? pooled.normalized() : pooled
  }

  func pooled(_ batch: TokenBatch, skipping skipped: Int, in context: Context) -> Variable {
    switch model {
    case .bert(let model):
      context.pooled(
        model(batch, in: context), over: (0..<batch.sequenceCount).map(batch.tokenRange), skipping: skipped,
        pooling.map(\.reduction))
    case .wordAverage(let model): model(batch, in: context)
    }
  }
}
