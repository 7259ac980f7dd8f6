// SPDX-License-Identifier: Apache-2.0

/// What turns tokens back into text.
enum TokenDecoder: Sendable {
  /// WordPiece's decoder.
  case wordPiece(WordPieceDecoder)
  /// The decoders of a Unigram tokenizer, one after the other; their tokens are joined.
  case unigram([UnigramDecoder])

  func text(of tokens: [String]) -> String {
    switch self {
    case .wordPiece(let decoder): return decoder.text(of: tokens)
    case .unigram(let decoders):
      var tokens = tokens.map { Array($0.unicodeScalars) }
      for decoder in decoders { tokens = decoder.decode(tokens) }
      var text = String.UnicodeScalarView()
      for token in tokens { text += token }
      return String(text)
    }
  }
}

/// Turns tokens back into text (`tokenizers`, decoders/wordpiece). Words are joined with spaces, pieces of a word
/// without, and spaces before English punctuation and contractions are removed.
struct WordPieceDecoder: Sendable {
  /// The prefix of a token that continues a word.
  let prefix: String
  /// Whether to remove spaces before punctuation and contractions.
  let cleansUp: Bool

  /// Replaced in this order, within a token and the space before it.
  private static let replacements: [(from: [UInt8], to: [UInt8])] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (Array($0.utf8), Array($1.utf8)) }

  /// The text of tokens; O(bytes).
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

/// A step from tokens to text (`tokenizers`, decoders).
enum UnigramDecoder: Sendable, Equatable {
  /// What stands for a space becomes one, but in the first token is dropped.
  case metaspace(replacement: Unicode.Scalar, dropsFirst: Bool)
  /// A text becomes another wherever it occurs.
  case replace(pattern: [Unicode.Scalar], content: [Unicode.Scalar])
  /// Tokens like `<0xE2>` become the bytes that they stand for; bytes in a row that are not UTF-8 become U+FFFD each.
  case bytes
  /// All tokens become one.
  case fuse
  /// A scalar is dropped at the start and at the end of each token, at most so many times.
  case strip(content: Unicode.Scalar, start: Int, stop: Int)

  typealias Token = [Unicode.Scalar]

  func decode(_ tokens: [Token]) -> [Token] {
    switch self {
    case .metaspace(let replacement, let dropsFirst):
      tokens.enumerated().map { index, token in
        token.compactMap { $0 != replacement ? $0 : index == 0 && dropsFirst ? nil : " " }
      }
    case .replace(let pattern, let content): tokens.map { $0.replacing(pattern, with: content) }
    case .bytes: Self.joinBytes(tokens)
    case .fuse: [tokens.flatMap { $0 }]
    case .strip(let content, let start, let stop):
      tokens.map { token in
        let first = token.prefix(start).prefix { $0 == content }.count
        let last = token.suffix(stop).reversed().prefix { $0 == content }.count
        // As in the reference, both count in the whole token.
        return Array(token[min(first, token.count - last)..<(token.count - last)])
      }
    }
  }

  private static func joinBytes(_ tokens: [Token]) -> [Token] {
    var result: [Token] = []
    var bytes: [UInt8] = []
    func endBytes() {
      guard !bytes.isEmpty else { return }
      if let text = String(validating: bytes, as: UTF8.self) {
        result.append(Array(text.unicodeScalars))
      } else {
        result += bytes.map { _ in ["\u{FFFD}"] }
      }
      bytes.removeAll()
    }
    for token in tokens {
      if let byte = byte(token) {
        bytes.append(byte)
      } else {
        endBytes()
        result.append(token)
      }
    }
    endBytes()
    return result
  }

  /// The byte of a token like `<0xE2>`.
  private static func byte(_ token: Token) -> UInt8? {
    guard token.count == 6, token.starts(with: ["<", "0", "x"]), token[5] == ">" else { return nil }
    return UInt8(String(String.UnicodeScalarView(token[3...4])), radix: 16)
  }
}
