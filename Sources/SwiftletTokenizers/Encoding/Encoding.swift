// SPDX-License-Identifier: Apache-2.0

/// The tokens of a text, or of a pair of texts, with their places in it.
///
/// All arrays have one element a token. A special token that was added has the empty range 0..<0.
public struct Encoding: Sendable, Equatable {
  /// The token ids.
  public var ids: [Int32] = []
  /// The token types that a model may be given. For BERT 0 for the first text of a pair and 1 for the second; for
  /// XLM-RoBERTa 0 for both.
  public var typeIDs: [Int32] = []
  /// Which text each token comes from, 0 or 1; nil for a special token that was added.
  public var textIndices: [Int?] = []
  /// The tokens as the vocabulary spells them, "##" or "▁" included; added tokens, and what a Unigram vocabulary does not
  /// know, as the text spells them.
  public var tokens: [String] = []
  /// The places in Unicode scalars, as the reference's Python binding gives them.
  public var offsets: [Range<Int>] = []
  /// The places in bytes of UTF-8.
  public var utf8Ranges: [Range<Int>] = []
  /// Whether tokens were cut off because of the maximum length.
  public var isTruncated = false

  /// The number of tokens.
  public var count: Int { ids.count }
}

/// How ``Tokenizer/encode(_:pair:options:)`` encodes a text.
public struct EncodingOptions: Sendable, Equatable {
  /// Whether to put the special tokens around texts: for BERT [CLS] first and [SEP] after each text.
  public var addsSpecialTokens: Bool
  /// The maximum number of tokens, special ones included; nil for no limit. Special tokens are never cut.
  public var maxLength: Int?
  /// Whether "[SEP]" and the like in a text are text, not the special token. Set it for texts that you do not trust.
  public var treatsSpecialTokensAsText: Bool

  /// The default options add and recognize special tokens and cut nothing.
  public init(addsSpecialTokens: Bool = true, maxLength: Int? = nil, treatsSpecialTokensAsText: Bool = false) {
    self.addsSpecialTokens = addsSpecialTokens
    self.maxLength = maxLength
    self.treatsSpecialTokensAsText = treatsSpecialTokensAsText
  }
}

/// What is done with a text, or a pair of texts, that has more tokens than the maximum length.
public enum TextTruncation: Sendable {
  /// The last tokens are cut off.
  case atEnd
  /// The first tokens are cut off. The whole text is read to know which these are.
  case atStart
  /// An error says how many tokens there are.
  case refused
}
