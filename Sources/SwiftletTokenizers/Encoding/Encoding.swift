// SPDX-License-Identifier: Apache-2.0

/// The tokens of a text, or of a pair of texts, and where they come from.
///
/// All arrays have one element a token. A token's place is in the text it comes from: the first text where
/// its type id is 0, the second where it is 1; the empty range 0..<0 for a special token that was added.
public struct Encoding: Sendable, Equatable {
  /// Token ids.
  public var ids: [Int32] = []
  /// Which text of a pair a token belongs to, 0 or 1.
  public var typeIDs: [Int32] = []
  /// The tokens as the vocabulary spells them, "##" included; added tokens as the text spells them.
  public var tokens: [String] = []
  /// The place in Unicode scalars, as the reference's Python binding gives it.
  public var offsets: [Range<Int>] = []
  /// The place in bytes of UTF-8.
  public var utf8Ranges: [Range<Int>] = []
  /// Whether tokens were left out to keep to the maximum length.
  public var isTruncated = false

  /// The number of tokens.
  public var count: Int { ids.count }
}

/// How to encode, where it differs from a model's own way.
public struct EncodingOptions: Sendable, Equatable {
  /// Puts [CLS] first and [SEP] after each text.
  public var addsSpecialTokens: Bool
  /// The most tokens, special ones included; nil for no limit. Special tokens are never cut.
  public var maxLength: Int?
  /// Whether "[SEP]" and its like in a text are read as text, not as the token. Set it for text that strangers wrote.
  public var treatsSpecialTokensAsText: Bool

  /// As models expect it: special tokens added and recognised, nothing cut.
  public init(addsSpecialTokens: Bool = true, maxLength: Int? = nil, treatsSpecialTokensAsText: Bool = false) {
    self.addsSpecialTokens = addsSpecialTokens
    self.maxLength = maxLength
    self.treatsSpecialTokensAsText = treatsSpecialTokensAsText
  }
}
