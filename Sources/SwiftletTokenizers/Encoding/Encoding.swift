// SPDX-License-Identifier: Apache-2.0

/// The tokens of a text, or of a pair of texts, with their places in it.
///
/// All arrays have one element a token. With BERT's tokenizers a token of type id 0 has its place in the first text, one
/// of type id 1 in the second. A special token that was added has the empty range 0..<0.
public struct Encoding: Sendable, Equatable {
  /// The token ids.
  public var ids: [Int32] = []
  /// The token types: for BERT which text of a pair a token belongs to, 0 or 1.
  public var typeIDs: [Int32] = []
  /// The tokens as the vocabulary spells them, "##" included; added tokens as the text spells them.
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
