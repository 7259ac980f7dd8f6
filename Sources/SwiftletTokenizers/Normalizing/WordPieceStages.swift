// SPDX-License-Identifier: Apache-2.0

/// The tables and settings for a pass over a text, made once for a tokenizer and shared by all its users.
final class WordPieceStages: Sendable {
  let addedTokens: AddedTokenFinders
  let normalization: Normalization
  let asciiActions: ASCIIActions
  let model: WordPieceModel
  let plainReader: PlainReader
  let tables = UnicodeTables.shared

  convenience init(addedTokens: [AddedToken], normalization: Normalization, model: WordPieceModel) {
    let plain = WordPieceStages(.none, normalization, model)
    let finders = AddedTokenFinders(addedTokens) { (text) throws(TokenizerError) in
      try WordPiecePass.normalize(text, plain)
    }
    self.init(finders, normalization, model)
  }

  /// Whether an added token may be in the text; false only if there is none.
  @inline(__always)
  func mayHoldAddedToken(_ text: Span<UInt8>) -> Bool {
    !addedTokens.normalized.isEmpty || addedTokens.raw.mayOccur(in: text)
  }

  private init(_ addedTokens: AddedTokenFinders, _ normalization: Normalization, _ model: WordPieceModel) {
    self.addedTokens = addedTokens
    self.normalization = normalization
    asciiActions = ASCIIActions(normalization)
    self.model = model
    plainReader = PlainReader(model, normalization)
  }
}
