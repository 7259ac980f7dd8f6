// SPDX-License-Identifier: Apache-2.0

/// All a pass over a text reads: made once for a tokenizer, shared by all its users.
final class Stages: Sendable {
  let addedTokens: AddedTokens
  let normalization: Normalization
  let asciiActions: ASCIIActions
  let model: WordPieceModel
  let tables = UnicodeTables.shared

  init(addedTokens: AddedTokens, normalization: Normalization, model: WordPieceModel) {
    self.addedTokens = addedTokens
    self.normalization = normalization
    asciiActions = ASCIIActions(normalization)
    self.model = model
  }
}
