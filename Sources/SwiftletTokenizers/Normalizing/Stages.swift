// SPDX-License-Identifier: Apache-2.0

/// The tables and settings for a pass over a text, made once for a tokenizer and shared by all its users.
final class Stages: Sendable {
  /// Finds the added tokens that are looked for in the raw text.
  let rawTokens: AddedTokenFinder
  let normalization: Normalization
  let asciiActions: ASCIIActions
  /// Finds the added tokens that are looked for in the normalized text.
  let normalizedTokens: AddedTokenFinder
  /// The spellings of these tokens in normalized text, by id.
  let normalizedSpellings: [Int32: String]
  let model: WordPieceModel
  let plainReader: PlainReader
  let tables = UnicodeTables.shared

  convenience init(addedTokens: [AddedToken], normalization: Normalization, model: WordPieceModel) {
    let raw = addedTokens.filter { !$0.isNormalized }.map { (Array($0.content.utf8), $0) }
    let plain = Stages(AddedTokenFinder(raw), normalization, [], model)
    let normalized = addedTokens.filter(\.isNormalized).map { token -> (pattern: [UInt8], token: AddedToken) in
      // A string is UTF-8: normalizing it does not fail.
      ((try? TextPass.normalize(token.content, plain)) ?? [], token)
    }
    self.init(plain.rawTokens, normalization, normalized, model)
  }

  /// Whether an added token may be in the text; false only if there is none.
  @inline(__always)
  func mayHoldAddedToken(_ text: Span<UInt8>) -> Bool {
    !normalizedTokens.isEmpty || rawTokens.mayOccur(in: text)
  }

  private init(
    _ rawTokens: AddedTokenFinder, _ normalization: Normalization,
    _ normalizedTokens: [(pattern: [UInt8], token: AddedToken)], _ model: WordPieceModel
  ) {
    self.rawTokens = rawTokens
    self.normalization = normalization
    asciiActions = ASCIIActions(normalization)
    self.normalizedTokens = AddedTokenFinder(normalizedTokens)
    normalizedSpellings = Dictionary(
      normalizedTokens.map { ($0.token.id, String(decoding: $0.pattern, as: UTF8.self)) }
    ) { $1 }
    self.model = model
    plainReader = PlainReader(model, normalization)
  }
}
