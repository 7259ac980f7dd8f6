// SPDX-License-Identifier: Apache-2.0

extension Tokenizer {
  /// The text of token ids, as the reference's decoder writes it. What normalization removed is not restored.
  ///
  /// - Parameter skipsSpecialTokens: whether to leave out [CLS], [SEP], [PAD] and their like.
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

/// Turns tokens back into text (`tokenizers`, decoders/wordpiece). Words are joined with spaces, pieces of a word
/// without, and spaces before English punctuation and contractions are removed.
struct PieceDecoder: Sendable {
  /// The prefix of a token that continues a word.
  let prefix: String
  /// Whether to remove spaces before punctuation and contractions.
  let cleansUp: Bool

  /// Replaced in this order, within a token and the space before it.
  private static let replacements: [(from: [UInt8], to: [UInt8])] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (Array($0.utf8), Array($1.utf8)) }

  /// O(bytes).
  func text(of tokens: [String]) -> String {
    var text: [UInt8] = []
    for (index, token) in tokens.enumerated() {
      var piece = Array(token.utf8)
      if index > 0 {
        if piece.starts(with: prefix.utf8) {
          piece.removeFirst(prefix.utf8.count)
        } else {
          piece.insert(0x20, at: 0)
        }
      }
      if cleansUp {
        for (from, to) in Self.replacements where piece.count >= from.count { piece.replace(from, with: to) }
      }
      text += piece
    }
    return String(decoding: text, as: UTF8.self)
  }
}
