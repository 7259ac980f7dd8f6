// SPDX-License-Identifier: Apache-2.0

import FileFormats

extension Tokenizer {
  /// The tokenizer of a model's folder: tokenizer.json where it is present, else vocab.txt with
  /// tokenizer_config.json, which may be absent.
  ///
  /// - Throws: `TokenizerError`, `FileError`, `JSONError`; each names the file and what to do.
  public init(folder: String) throws {
    let file = joinPath(folder, "tokenizer.json")
    let vocabulary = joinPath(folder, "vocab.txt")
    let configurationPath = joinPath(folder, "tokenizer_config.json")
    let configuration =
      try exists(configurationPath) ? TokenizerConfiguration(path: configurationPath) : .init()
    if exists(file) {
      throw TokenizerError.unsupported(path: file, what: "tokenizer.json")
    } else if exists(vocabulary) {
      try self.init(vocabulary: vocabulary, configuration)
    } else {
      throw TokenizerError.noTokenizer(folder: folder)
    }
  }

  /// The tokenizer of a vocabulary alone, a token a line, with BERT's special tokens.
  ///
  /// - Throws: `TokenizerError`, `FileError`.
  public init(vocabulary path: String, normalization: Normalization = Normalization()) throws {
    let file = try VocabularyFile(path: path)
    try self.init(
      path: path, vocabulary: file.vocabulary, normalization: normalization, names: SpecialTokenNames(),
      addedTokens: [], maxLength: nil, warnings: file.warnings)
  }

  private init(vocabulary path: String, _ configuration: TokenizerConfiguration) throws {
    let file = try VocabularyFile(path: path, adding: configuration.addedTokens)
    let normalization = Normalization(
      lowercases: configuration.lowercases ?? true, stripsAccents: configuration.stripsAccents,
      isolatesIdeographs: configuration.isolatesIdeographs ?? true)
    try self.init(
      path: path, vocabulary: file.vocabulary, normalization: normalization, names: configuration.names,
      addedTokens: configuration.addedTokens, maxLength: configuration.maxLength, warnings: file.warnings)
  }

  /// A tokenizer of parts read from `path`; the special tokens are added tokens too, said or not.
  init(
    path: String, vocabulary: Vocabulary, normalization: Normalization, names: SpecialTokenNames,
    addedTokens: [AddedToken], longestWord: Int = 100, continuationPrefix: String = "##", maxLength: Int?,
    warnings: [String]
  ) throws(TokenizerError) {
    func required(_ token: String) throws(TokenizerError) -> Int32 {
      guard let id = vocabulary.id(of: token) else { throw .missingToken(path: path, token: token) }
      return id
    }
    specialTokens = SpecialTokens(
      unknown: try required(names.unknown), classifier: try required(names.classifier),
      separator: try required(names.separator), padding: vocabulary.id(of: names.padding),
      mask: vocabulary.id(of: names.mask))
    var added = addedTokens
    for token in addedTokens where vocabulary.id(of: token.content) != token.id {
      throw .malformed(
        path: path, field: "the added token \(quoted(token.content))",
        expected: "in the vocabulary as \(token.id)")
    }
    for name in names.all where !added.contains(where: { sameBytes($0.content, name) }) {
      if let id = vocabulary.id(of: name) { added.append(AddedToken(name, id: id)) }
    }
    self.maxLength = maxLength
    let missing = specialTokens.padding == nil ? ["\(escaped(path)): no token \(quoted(names.padding))"] : []
    self.warnings = warnings + missing
    stages = Stages(
      addedTokens: AddedTokens(added), normalization: normalization,
      model: WordPieceModel(
        vocabulary: vocabulary, unknownID: specialTokens.unknown, longestWord: longestWord,
        continuationPrefix: continuationPrefix))
  }
}
