// SPDX-License-Identifier: Apache-2.0

extension Tokenizer {
  /// The text that ids stand for, as the reference's decoder writes it: what normalisation took away stays
  /// away.
  ///
  /// - Parameter skipSpecialTokens: leaves out [CLS], [SEP], [PAD] and their like.
  /// - Throws: `TokenizerError.unknownID` for an id that no token has.
  public func decode(
    _ ids: some Sequence<Int32>, skipSpecialTokens: Bool = true
  ) throws(TokenizerError) -> String {
    var tokens: [String] = []
    for id in ids {
      guard let token = token(id) else { throw .unknownID(id) }
      if !(skipSpecialTokens && (added[id]?.isSpecial ?? false)) { tokens.append(token) }
    }
    return decoder?.text(of: tokens) ?? tokens.joined(separator: " ")
  }
}
