// SPDX-License-Identifier: Apache-2.0

/// WordPiece: a word becomes the longest token that starts it, then the longest that continues it, and so on.
///
/// A word that cannot be covered so, or that has more than `longestWord` scalars, is one unknown token.
///
/// Schuster, Nakajima: Japanese and Korean Voice Search, ICASSP 2012; the greedy form is that of BERT's
/// reference (Devlin et al., 2019) and of `tokenizers` (models/wordpiece).
struct WordPieceModel: Sendable {
  let vocabulary: Vocabulary
  let unknownID: Int32
  /// The most scalars a word may have, 100 in BERT.
  let longestWord: Int
  /// What marks a token that continues a word, "##" in BERT.
  let continuationPrefix: [UInt8]
  private let continuationHash: Vocabulary.Hash

  init(vocabulary: Vocabulary, unknownID: Int32, longestWord: Int, continuationPrefix: String) {
    self.vocabulary = vocabulary
    self.unknownID = unknownID
    self.longestWord = longestWord
    self.continuationPrefix = Array(continuationPrefix.utf8)
    continuationHash = self.continuationPrefix.reduce(Vocabulary.emptyHash, Vocabulary.extend)
  }

  /// Lends what splits words to `body`, for many words.
  func withMatcher<Value, Failure: Error>(
    _ body: (WordMatcher) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try vocabulary.withIndex { (index) throws(Failure) in
      try continuationPrefix.withUnsafeBufferPointer { (prefix) throws(Failure) in
        try body(
          WordMatcher(
            index: index, longestToken: vocabulary.longestToken, unknownID: unknownID,
            continuationPrefix: prefix, continuationHash: continuationHash))
      }
    }
  }
}
