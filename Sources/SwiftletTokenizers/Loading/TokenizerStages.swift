// SPDX-License-Identifier: Apache-2.0

/// The parts of a tokenizer that tokenizer.json describes and that some classes set themselves. Its added tokens are not
/// known yet.
struct TokenizerStages {
  /// Normalizer, pre-tokenizer and model.
  enum Segmentation {
    case wordPiece(WordPieceSettings)
    case unigram(UnigramSettings)
  }

  var segmentation: Segmentation
  /// Turns tokens into text; nil: they are joined by spaces.
  var decoder: TokenDecoder?
  /// The special tokens around texts; nil: the class sets them.
  var template: TokenTemplate?

  /// The tokens of the model.
  var vocabulary: any ModelVocabulary {
    switch segmentation {
    case .wordPiece(let settings): settings.vocabulary
    case .unigram(let settings): settings.model
    }
  }

  /// - Parameter unknownID: the id of a word that WordPiece cannot spell; a Unigram model knows its own.
  func segmenter(_ addedTokens: [AddedToken], unknownID: Int32) -> Segmenter {
    switch segmentation {
    case .wordPiece(let settings):
      .wordPiece(
        WordPieceStages(
          addedTokens: addedTokens, normalization: settings.normalization,
          model: WordPieceModel(
            vocabulary: settings.vocabulary, unknownID: unknownID,
            maximumWordScalarCount: settings.maximumWordScalarCount,
            continuationPrefix: settings.continuationPrefix)))
    case .unigram(let settings):
      .unigram(
        UnigramStages(
          addedTokens: addedTokens, normalization: settings.normalization, splitting: settings.splitting,
          model: settings.model))
    }
  }
}

/// What WordPiece does between BERT's normalizer and pre-tokenizer; the defaults are BERT's.
struct WordPieceSettings {
  let vocabulary: Vocabulary
  var normalization = Normalization()
  /// The token for a word that the vocabulary cannot spell; nil if a file says that there is none.
  var unknown: String? = "[UNK]"
  var maximumWordScalarCount = 100
  var continuationPrefix = "##"
}

extension TokenizerStages {
  /// BERT's stages, with the settings of tokenizer_config.json as the class reads them.
  init(_ vocabulary: Vocabulary, _ configuration: TokenizerConfiguration, _ kind: TokenizerClass) {
    let names = kind.names ?? .bert
    let normalization = Normalization(
      lowercases: kind.ignoresCase || configuration.lowercases ?? true, stripsAccents: configuration.stripsAccents,
      isolatesIdeographs: configuration.isolatesIdeographs ?? true)
    segmentation = .wordPiece(
      WordPieceSettings(
        vocabulary: vocabulary, normalization: normalization,
        unknown: configuration.name("unk_token", default: names.unknown)))
    decoder = .wordPiece(WordPieceDecoder(prefix: "##", cleansUp: true))
  }
}
