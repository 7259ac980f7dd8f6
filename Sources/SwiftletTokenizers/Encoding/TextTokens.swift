// SPDX-License-Identifier: Apache-2.0

/// The pieces of a text and where they come from.
struct TextTokens {
  /// Their ids.
  var ids: [Int32] = []
  /// The bytes each piece comes from.
  var ranges: [Range<Int>] = []
  /// The spellings of pieces that are not spelled as in the vocabulary, by the number of the piece: added tokens as the
  /// text has them, and what a Unigram model does not know.
  var spellings: [Int: String] = [:]
  /// Whether pieces were left out.
  var isTruncated = false
}
