// SPDX-License-Identifier: Apache-2.0

/// What a Unigram tokenizer does with texts.
struct UnigramSettings {
  let model: UnigramModel
  let normalization: UnigramNormalization
  let splitting: UnigramSplitting
}

/// The steps of a SentencePiece normalizer, in their order.
struct UnigramNormalization: Sendable {
  /// Whether to lowercase before all else, scalar by scalar.
  var lowercases = false
  /// The replacements of characters, if any.
  var characters: CharacterMap?
  /// What comes after them.
  var steps: [Step] = []

  enum Step: Sendable, Equatable {
    /// Drops white space at the start of a text, or at its end.
    case strip(left: Bool, right: Bool)
    /// Two or more spaces in a row become a text.
    case spaces(content: [UInt32])
    /// Some scalars in a row become a text.
    case replace(pattern: [UInt32], content: [UInt32])
    /// Lowercases scalar by scalar.
    case lowercase
  }
}

/// How a normalized text is split into the words that pieces are looked for in.
struct Metaspace: Sendable, Equatable {
  /// Stands for a space, "▁".
  var replacement: Unicode.Scalar = "\u{2581}"
  /// Whether a word that does not start with the replacement gets one.
  var prepends = Prepending.always
  /// Whether a word starts at each replacement.
  var splits = true

  enum Prepending: Sendable, Equatable {
    case always, never
    /// Only at the start of the whole text.
    case first
  }
}

/// The pre-tokenizer of a Unigram tokenizer.
struct UnigramSplitting: Sendable, Equatable {
  /// Whether white space ends words and is dropped, before anything else.
  var dropsWhitespace: Bool
  /// How words are split at spaces; nil: spaces stay as they are, and no word ends at one.
  var metaspace: Metaspace?
}
