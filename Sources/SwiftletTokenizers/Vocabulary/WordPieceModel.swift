// SPDX-License-Identifier: Apache-2.0

/// WordPiece: a word becomes the longest token that starts it, then the longest that continues it, and so on.
///
/// A word that cannot be covered so, or that has more than `longestWord` scalars, is one unknown token.
///
/// Schuster, Nakajima: Japanese and Korean Voice Search, ICASSP 2012; the greedy form is that of BERT's
/// reference (Devlin et al., 2019) and of `tokenizers` (models/wordpiece).
struct WordPieceModel: Sendable {
  let vocabulary: Vocabulary
  /// Splits words; valid as long as the model is there.
  let matcher: WordMatcher
  private let continuationPrefix: ConstantTable<UInt8>

  /// - Parameters:
  ///   - longestWord: the most scalars a word may have, 100 in BERT.
  ///   - continuationPrefix: what marks a token that continues a word, "##" in BERT.
  init(vocabulary: Vocabulary, unknownID: Int32, longestWord: Int, continuationPrefix: String) {
    self.vocabulary = vocabulary
    self.continuationPrefix = ConstantTable(continuationPrefix.utf8)
    matcher = WordMatcher(
      index: vocabulary.index, longestToken: vocabulary.longestToken, unknownID: unknownID, longestWord: longestWord,
      prefix: self.continuationPrefix.elements)
  }
}
