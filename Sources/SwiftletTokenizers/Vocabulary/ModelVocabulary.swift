// SPDX-License-Identifier: Apache-2.0

/// The tokens of a tokenizer's model, by id and by text. Added tokens are not among them.
protocol ModelVocabulary: Sendable {
  /// One past the highest id.
  var count: Int { get }
  /// The number of tokens as the reference counts them, which numbers added tokens from it.
  var tokenCount: Int { get }
  /// The id of a whole token.
  func id(of token: String) -> Int32?
  /// The text of a token, nil where no token has the id.
  func token(_ id: Int32) -> String?
}

/// The kinds of models that are supported, by their names in tokenizer.json.
enum SegmentationKind: String {
  case wordPiece = "WordPiece"
  case unigram = "Unigram"
}
