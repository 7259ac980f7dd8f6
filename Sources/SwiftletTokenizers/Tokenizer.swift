// SPDX-License-Identifier: Apache-2.0

/// The tokenizer of BERT and its relatives: text to token ids and back, equal to Hugging Face's fast tokenizers in every
/// id and offset.
///
/// The text is split at special tokens, normalized, and split into words. With BERT's vocabularies each word becomes the
/// longest subword tokens that the vocabulary has (WordPiece). With those of multilingual models, made by SentencePiece,
/// it becomes the subword tokens that are the most probable together (Unigram). Texts are read as UTF-8; the Unicode data
/// is the reference's own, frozen.
///
/// ```swift
/// let tokenizer = try Tokenizer(folder: "weights/all-MiniLM-L6-v2")
/// let encoding = try tokenizer.encode("Hello, world!")   // [CLS] hello , world ! [SEP]
/// ```
///
/// A tokenizer is a value that never changes; any number of threads may use it at once.
///
/// Reference: github.com/huggingface/tokenizers, version 0.23.
public struct Tokenizer: Sendable {
  /// The ids of the tokens that do not stand for text.
  public struct SpecialTokens: Sendable, Equatable {
    /// [UNK] or `<unk>`, which replaces what the vocabulary cannot spell.
    public var unknown: Int32
    /// [CLS] or `<s>`, before the first text; nil if the tokenizer puts none there.
    public var classifier: Int32?
    /// [SEP] or `</s>`, after each text; nil if the tokenizer puts none there.
    public var separator: Int32?
    /// [PAD], if there is one.
    public var padding: Int32?
    /// [MASK], if there is one.
    public var mask: Int32?
  }

  /// The ids of the special tokens.
  public let specialTokens: SpecialTokens
  /// The maximum length in the tokenizer's files, if any. Encoding applies it only if asked to.
  public internal(set) var maxLength: Int?
  /// Non-fatal problems of the files, one line each.
  public let warnings: [String]
  let added: AddedTokens
  /// The tokens of the model, without the added ones.
  let vocabulary: any ModelVocabulary
  var segmenter: Segmenter
  /// The special tokens around texts, and the type ids.
  var template: TokenTemplate
  /// Whether a model gets the type ids. If not, all are 0.
  let passesTypeIDs: Bool
  /// Whether special tokens in texts are always text, as the folder's files ask for.
  let splitsSpecialTokens: Bool
  /// The ids of the named and extra special tokens.
  let namedSpecialTokens: Set<Int32>
  /// Turns tokens into text; nil: they are joined by spaces.
  let decoder: TokenDecoder?

  /// One past the highest id, the number of rows of an embedding table.
  public var vocabularySize: Int { max(vocabulary.count, added.count) }
  /// The normalization of a text before it is split into words. For a Unigram tokenizer it only says whether texts are
  /// lowercased; the rest is in its map of characters.
  public var normalization: Normalization { segmenter.normalization }
  /// The tokens that are searched for in whole texts.
  public var addedTokens: [AddedToken] { added.tokens }

  /// A copy that also lowercases. It treats accents as this tokenizer does.
  package func lowercasing() -> Tokenizer {
    var tokenizer = self
    tokenizer.segmenter = segmenter.lowercasing(added.tokens)
    return tokenizer
  }

  /// A copy that adds no special tokens to texts.
  package func withoutSpecialTokens() -> Tokenizer {
    guard let template = TokenTemplate.textsAlone else { preconditionFailure("a template of texts alone") }
    var tokenizer = self
    tokenizer.template = template
    return tokenizer
  }

  /// Whether the token is one of the special tokens that the folder or the tokenizer's class names.
  package func isNamedSpecialToken(_ id: Int32) -> Bool { namedSpecialTokens.contains(id) }

  /// One past the highest id of the vocabulary, added tokens not counted.
  package var modelTokenCount: Int { vocabulary.count }

  /// The largest type id that a model gets for a single text, or for a pair.
  package func largestTypeID(isPair: Bool) -> Int32 { passesTypeIDs ? template.largestTypeID(isPair: isPair) : 0 }

  /// The number of special tokens around a single text, or around a pair.
  package func specialCount(isPair: Bool) -> Int { template.specialCount(isPair: isPair) }

  /// The ids of the special tokens around a single text.
  package var enclosingTokens: [Int32] { template.prefix + template.suffix }

  /// The id of a token as the vocabulary spells it.
  public func id(of token: String) -> Int32? {
    added.id(of: token) ?? vocabulary.id(of: token)
  }

  /// The token of an id, nil if there is none.
  public func token(of id: Int32) -> String? {
    segmenter.normalizedSpellings[id] ?? added[id]?.content ?? vocabulary.token(id)
  }
}
