// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

extension Tokenizer {
  /// The tokenizer of a model's folder: tokenizer.json if present, otherwise vocab.txt with an optional
  /// tokenizer_config.json.
  ///
  /// - Throws: ``SwiftletError`` that names the file.
  public init(folder: String) throws {
    let file = joinPath(folder, "tokenizer.json")
    let vocabulary = joinPath(folder, "vocab.txt")
    let configurationPath = joinPath(folder, "tokenizer_config.json")
    let configuration =
      try exists(configurationPath)
      ? TokenizerConfiguration(path: configurationPath) : TokenizerConfiguration()
    if exists(file) {
      try self.init(file: file, configuration)
    } else if exists(vocabulary) {
      try self.init(vocabulary: vocabulary, configuration)
    } else {
      throw TokenizerError.noTokenizer(folder: folder)
    }
  }

  /// The tokenizer of a vocabulary file alone, for example vocab.txt: one token a line, BERT's special tokens among them.
  ///
  /// - Throws: ``SwiftletError`` that names the file.
  public init(path: String, normalization: Normalization = Normalization()) throws {
    var configuration = TokenizerConfiguration()
    configuration.lowercases = normalization.lowercases
    configuration.stripsAccents = normalization.stripsAccents
    configuration.isolatesIdeographs = normalization.isolatesIdeographs
    try self.init(vocabulary: path, configuration)
  }

  /// Loads vocab.txt. Its special tokens are searched for in texts, even those that the configuration does not list.
  private init(vocabulary path: String, _ configuration: TokenizerConfiguration) throws {
    guard configuration.hasSupportedClass else {
      throw TokenizerError.unsupported(
        path: path, what: "the tokenizer class \(configuration.className ?? "")")
    }
    let file = try VocabularyFile(path: path)
    var added = configuration.addedTokens
    for name in configuration.names.all where !added.contains(where: { sameBytes($0.content, name) }) {
      if let id = file.vocabulary.id(of: name) { added.append(AddedToken(name, id: id)) }
    }
    try self.init(
      path: path, vocabulary: file.vocabulary, addedTokens: added, names: configuration.names,
      normalization: Normalization(
        lowercases: configuration.lowercases ?? true, stripsAccents: configuration.stripsAccents,
        isolatesIdeographs: configuration.isolatesIdeographs ?? true),
      maxLength: configuration.maxLength, warnings: file.warnings)
  }

  /// Loads tokenizer.json. Where tokenizer_config.json disagrees, tokenizer.json wins.
  private init(file path: String, _ configuration: TokenizerConfiguration) throws {
    let file = try TokenizerFile(path: path)
    var names = configuration.names
    (names.unknown, names.classifier) = (file.names.unknown, file.names.classifier)
    names.separator = file.names.separator
    let ignored = configuration.differences(from: file.normalization, names).map {
      "\(escaped(path)): \($0) in tokenizer_config.json says otherwise and is ignored"
    }
    try self.init(
      path: path, vocabulary: file.vocabulary, addedTokens: file.addedTokens, names: names,
      normalization: file.normalization, longestWord: file.longestWord,
      continuationPrefix: file.continuationPrefix, decoder: file.decoder, maxLength: file.maxLength,
      warnings: ignored)
  }

  private init(
    path: String, vocabulary: Vocabulary, addedTokens tokens: [AddedToken], names: SpecialTokenNames,
    normalization: Normalization, longestWord: Int = 100, continuationPrefix: String = "##",
    decoder: PieceDecoder? = PieceDecoder(prefix: "##", cleansUp: true), maxLength: Int?, warnings: [String]
  ) throws(TokenizerError) {
    let added = AddedTokens(tokens)
    for token in tokens {
      let id = vocabulary.id(of: token.content)
      guard token.id >= 0, id == token.id || id == nil && vocabulary.token(token.id) == nil else {
        throw .malformed(
          path: path, field: "the added token \(quoted(token.content))",
          expected: "token \(token.id) of the vocabulary too, or in none")
      }
    }
    func required(_ token: String, _ id: Int32?) throws(TokenizerError) -> Int32 {
      guard let id else { throw .missingToken(path: path, token: token) }
      return id
    }
    func id(of token: String) -> Int32? { added.id(of: token) ?? vocabulary.id(of: token) }
    specialTokens = SpecialTokens(
      unknown: try required(names.unknown, vocabulary.id(of: names.unknown)),
      classifier: try required(names.classifier, id(of: names.classifier)),
      separator: try required(names.separator, id(of: names.separator)),
      padding: id(of: names.padding), mask: id(of: names.mask))
    let hasPadding = specialTokens.padding != nil
    self.warnings =
      warnings + (hasPadding ? [] : ["\(escaped(path)): no token \(quoted(names.padding)); config.json gives its id"])
    self.maxLength = maxLength
    self.decoder = decoder
    self.added = added
    stages = Stages(
      addedTokens: tokens, normalization: normalization,
      model: WordPieceModel(
        vocabulary: vocabulary, unknownID: specialTokens.unknown, longestWord: longestWord,
        continuationPrefix: continuationPrefix))
  }
}
