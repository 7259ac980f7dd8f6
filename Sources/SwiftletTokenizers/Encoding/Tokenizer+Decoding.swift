// SPDX-License-Identifier: Apache-2.0

extension Tokenizer {
  /// The text of token ids, as the reference's decoder writes it. What normalization removed is not restored.
  ///
  /// - Parameters:
  ///   - ids: the ids of tokens.
  ///   - skipsSpecialTokens: whether to leave out [CLS], [SEP], [PAD] and their like.
  /// - Throws: ``SwiftletError`` for an id that no token has.
  public func decode(
    _ ids: some Sequence<Int32>, skipsSpecialTokens: Bool = true
  ) throws -> String {
    var tokens: [String] = []
    for id in ids {
      guard let token = token(of: id) else { throw TokenizerError.unknownID(id) }
      if !(skipsSpecialTokens && (added[id]?.isSpecial ?? false)) { tokens.append(token) }
    }
    return decoder?.text(of: tokens) ?? tokens.joined(separator: " ")
  }
}
