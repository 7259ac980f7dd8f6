// SPDX-License-Identifier: Apache-2.0

/// All a pass over a text reads: made once for a tokenizer, shared by all its users.
final class Stages: Sendable {
  /// Finds the added tokens that are looked for in the raw text.
  let rawTokens: AddedTokenFinder
  let normalization: Normalization
  let asciiActions: ASCIIActions
  /// Finds the added tokens that are looked for in the normalised text.
  let normalizedTokens: AddedTokenFinder
  let model: WordPieceModel
  let tables = UnicodeTables.shared

  convenience init(addedTokens: [AddedToken], normalization: Normalization, model: WordPieceModel) {
    let raw = addedTokens.filter { !$0.isNormalized }.map { (Array($0.content.utf8), $0) }
    let plain = Stages(AddedTokenFinder(raw), normalization, AddedTokenFinder([]), model)
    let normalized = addedTokens.filter(\.isNormalized).map { token in
      // A string is UTF-8: normalising it does not fail.
      ((try? TextPass.normalize(Array(token.content.utf8), plain)) ?? [], token)
    }
    self.init(plain.rawTokens, normalization, AddedTokenFinder(normalized), model)
  }

  private init(
    _ rawTokens: AddedTokenFinder, _ normalization: Normalization, _ normalizedTokens: AddedTokenFinder,
    _ model: WordPieceModel
  ) {
    self.rawTokens = rawTokens
    self.normalization = normalization
    asciiActions = ASCIIActions(normalization)
    self.normalizedTokens = normalizedTokens
    self.model = model
  }
}
