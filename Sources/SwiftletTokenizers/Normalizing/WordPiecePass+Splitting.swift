// SPDX-License-Identifier: Apache-2.0

/// BERT's pre-tokenizer: words end at white space, and punctuation is a word by itself.
///
/// Punctuation is ASCII's, symbols included, and the general categories P*, as the reference has them.
extension WordPiecePass {
  /// Takes a scalar from the normalizer.
  mutating func split(_ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>) {
    guard normalized == nil else {
      normalized?.append(scalar, from: origin)
      return
    }
    splitWord(scalar, properties, from: origin)
  }

  mutating func splitWord(_ scalar: UInt32, _ properties: UnicodeTables.Properties, from origin: Range<Int>) {
    if properties.isWhitespace {
      endWord()
    } else if properties.isPunctuation {
      endWord()
      word.append(scalar, from: origin)
      endWord()
    } else {
      word.append(scalar, from: origin)
    }
  }
}
