// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

extension Tokenizer {
  /// The tokenizer of a model's folder, as the transformers library builds it: from tokenizer.json or else vocab.txt, and
  /// from tokenizer_config.json and its companions, which for most classes override tokenizer.json.
  ///
  /// - Throws: ``SwiftletError`` that names the file.
  public init(folder: String) throws {
    let folder = try modelFolder(at: folder)
    let file = joinPath(folder, "tokenizer.json"), vocabulary = joinPath(folder, "vocab.txt")
    let configuration = try TokenizerConfiguration(folder: folder)
    let model = try ModelName(folder: folder)
    let name = configuration.className ?? model.tokenizerClass
    guard let kind = TokenizerClass(named: name, modelType: model.type) else {
      throw TokenizerError.unsupported(
        path: configuration.className == nil ? joinPath(folder, "config.json") : configuration.path,
        what: "the tokenizer class \(name ?? "of \(model.type ?? "")")",
        remedy: "if tokenizer.json is complete, set tokenizer_class to \"PreTrainedTokenizerFast\"")
    }
    if exists(file) {
      try self.init(file: TokenizerFile(path: file), configuration, kind)
    } else if exists(vocabulary) {
      // Without tokenizer.json all of BERT's classes build the tokenizer. The reference's general class needs the file.
      try self.init(vocabulary: vocabulary, configuration, kind.usesFile ? .bert : kind)
    } else {
      let models = ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model"].map { joinPath(folder, $0) }
      if let model = models.first(where: { exists($0) }) { throw TokenizerError.sentencePiece(path: model) }
      throw TokenizerError.noTokenizer(folder: folder)
    }
  }

  /// The tokenizer of a vocabulary file alone, for example vocab.txt: one token a line, BERT's special tokens among them.
  ///
  /// - Throws: ``SwiftletError`` that names the file.
  public init(path: String, normalization: Normalization = Normalization()) throws {
    try self.init(vocabulary: path, TokenizerConfiguration(normalization), .bert)
  }

  /// The tokenizer of tokenizer.json alone, all of whose parts count.
  ///
  /// - Throws: ``SwiftletError`` that names the file.
  package init(tokenizerFile path: String) throws {
    try self.init(file: TokenizerFile(path: path), TokenizerConfiguration(Normalization()), .file)
  }

  /// From vocab.txt.
  private init(
    vocabulary path: String, _ configuration: TokenizerConfiguration, _ kind: TokenizerClass
  ) throws {
    let file = try VocabularyFile(path: path)
    var parts = Parts(path, file.vocabulary, configuration, listed: configuration.addedTokens)
    parts.stages.normalization = configuration.normalization(kind)
    parts.warnings = file.warnings
    try self.init(parts, kind)
  }

  /// From tokenizer.json.
  private init(file: TokenizerFile, _ configuration: TokenizerConfiguration, _ kind: TokenizerClass) throws {
    let listed = configuration.listsAddedTokens ? [] : file.addedTokens
    var parts = Parts(file.path, file.vocabulary, configuration, listed: configuration.addedTokens + listed)
    if kind.usesFile {
      parts.stages = try file.stages(readsTemplate: kind.template == nil)
      parts.added.add(file.addedTokens)
      if kind.names == nil, configuration.name("pad_token", default: nil) == nil, let token = file.paddingToken {
        parts.extraNamed.append(token)
      }
    } else {
      parts.stages.normalization = configuration.normalization(kind)
    }
    guard !(configuration.truncatesLeft ?? file.truncatesLeft) else { throw Self.truncatesLeft(file.path) }
    try self.init(parts, kind)
  }

  private static func truncatesLeft(_ path: String) -> TokenizerError {
    .unsupported(path: path, what: "truncation at the start of texts", remedy: "set truncation_side to \"right\"")
  }

  /// What the files of a folder give, before it is put together.
  private struct Parts {
    let path: String
    let vocabulary: Vocabulary
    let configuration: TokenizerConfiguration
    /// The added tokens of the files with their ids; the last of an id counts.
    let listed: [AddedToken]
    var added: AddedTokenList
    var extraNamed: [AddedToken] = []
    var stages = TokenizerFile.Stages()
    var warnings: [String] = []

    init(_ path: String, _ vocabulary: Vocabulary, _ configuration: TokenizerConfiguration, listed: [AddedToken]) {
      self.path = path
      self.vocabulary = vocabulary
      self.configuration = configuration
      self.listed = Array(Dictionary(listed.map { ($0.id, $0) }) { $1 }.values)
      added = AddedTokenList(vocabulary)
    }
  }

  private init(_ parts: Parts, _ kind: TokenizerClass) throws(TokenizerError) {
    let path = parts.path, configuration = parts.configuration, vocabulary = parts.vocabulary
    guard configuration.truncatesLeft != true else { throw Self.truncatesLeft(configuration.path) }
    var added = parts.added
    let named = configuration.namedTokens(kind) + parts.extraNamed
    added.add(listed: parts.listed, named: named, extra: configuration.extra)
    try added.check(path: path)

    let names = kind.names ?? .bert
    func id(_ key: String, _ standard: String?) -> Int32? {
      guard let token = configuration.name(key, default: kind.names == nil ? nil : standard) else { return nil }
      return added.tokens.first { sameBytes($0.content, token) }?.id ?? vocabulary.id(of: token)
    }
    /// The id of a token that must be in the vocabulary or among the added tokens of the files.
    func required(_ key: String, _ token: String?) throws(TokenizerError) -> Int32 {
      guard let token else { throw .unsupported(path: configuration.path, what: "\(key) null") }
      if let id = vocabulary.id(of: token) { return id }
      guard key != "unk_token", parts.listed.contains(where: { sameBytes($0.content, token) }), let id = id(key, token)
      else { throw .missingToken(path: path, token: token) }
      return id
    }
    let unknown = kind.usesFile ? parts.stages.unknown : configuration.name("unk_token", default: names.unknown)
    var special = SpecialTokens(
      unknown: try required("unk_token", unknown), classifier: id("cls_token", names.classifier),
      separator: id("sep_token", names.separator), padding: id("pad_token", names.padding),
      mask: id("mask_token", names.mask))
    var template = parts.stages.template
    if let form = kind.template {
      let classifier = try required("cls_token", configuration.name("cls_token", default: names.classifier))
      let separator = try required("sep_token", configuration.name("sep_token", default: names.separator))
      (special.classifier, special.separator) = (classifier, separator)
      template =
        form == .bert
        ? .bert(classifier: classifier, separator: separator) : .roberta(classifier: classifier, separator: separator)
    }
    guard let template else { preconditionFailure("a tokenizer without a template") }
    special.classifier = special.classifier ?? template.prefix.first
    special.separator = special.separator ?? template.suffix.last
    self.template = template
    specialTokens = special
    passesTypeIDs = configuration.passesTypeIDs ?? (kind.names == .bert)
    splitsSpecialTokens = configuration.splitsSpecialTokens
    maxLength = configuration.maxLength
    decoder = parts.stages.decoder
    let addedTokens = AddedTokens(added.tokens)
    self.added = addedTokens
    namedSpecialTokens = Set((named + configuration.extra).compactMap { addedTokens.id(of: $0.content) })
    modelTokenCount = vocabulary.count
    stages = Stages(
      addedTokens: added.tokens, normalization: parts.stages.normalization,
      model: WordPieceModel(
        vocabulary: vocabulary, unknownID: special.unknown, longestWord: parts.stages.longestWord,
        continuationPrefix: parts.stages.continuationPrefix))
    warnings = parts.warnings + added.warnings(listed: parts.listed, path: path)
  }
}

extension TokenizerConfiguration {
  /// BERT's normalization with the file's settings, as the class reads them.
  fileprivate func normalization(_ kind: TokenizerClass) -> Normalization {
    Normalization(
      lowercases: kind.ignoresCase || lowercases ?? true, stripsAccents: stripsAccents,
      isolatesIdeographs: isolatesIdeographs ?? true)
  }
}

/// What config.json says about the tokenizer.
private struct ModelName {
  let type: String?
  let tokenizerClass: String?

  init(folder: String) throws {
    let path = joinPath(folder, "config.json")
    guard exists(path) else {
      (type, tokenizerClass) = (nil, nil)
      return
    }
    let fields = try JSONFields(path: path, limit: 1 << 24)
    type = try fields.string("model_type")
    tokenizerClass = try fields.string("tokenizer_class")
  }
}
