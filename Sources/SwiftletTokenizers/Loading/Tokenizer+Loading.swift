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
    func unsupported(_ addition: String = "", remedy: String? = nil) -> TokenizerError {
      .unsupported(
        path: configuration.className == nil ? joinPath(folder, "config.json") : configuration.path,
        what: "the tokenizer class \(name ?? "of \(model.type ?? "BERT")")\(addition)",
        remedy: remedy ?? "if tokenizer.json is complete, set tokenizer_class to \"PreTrainedTokenizerFast\"")
    }
    guard var kind = TokenizerClass(named: name, modelType: model.type) else { throw unsupported() }
    if exists(file) {
      let file = try TokenizerFile(path: file)
      // A Unigram file without any other file that says whose it is counts alone.
      if name == nil, model.type == nil, file.modelKind == .unigram { kind = .file }
      guard (kind.model ?? file.modelKind) == file.modelKind else {
        throw unsupported(" with a \(file.modelKind.rawValue) model")
      }
      try self.init(file: file, configuration, kind)
    } else if kind.model != .unigram, exists(vocabulary) {
      // Without tokenizer.json all of BERT's classes build the tokenizer. The reference's general class needs the file.
      try self.init(vocabulary: vocabulary, configuration, kind.usesFile ? .bert : kind)
    } else {
      let models = ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model"].map { joinPath(folder, $0) }
      if let model = models.first(where: { exists($0) }) { throw TokenizerError.sentencePiece(path: model) }
      guard !exists(vocabulary) else {
        throw unsupported(" without tokenizer.json", remedy: "add the model's tokenizer.json")
      }
      throw TokenizerError.noTokenizer(folder: folder)
    }
  }

  /// The tokenizer of a vocabulary file alone, for example vocab.txt: one token a line, BERT's special tokens among them.
  ///
  /// - Throws: ``SwiftletError`` that names the file.
  public init(path: String, normalization: Normalization = Normalization()) throws {
    try self.init(vocabulary: path, TokenizerConfiguration(normalization), .bert)
  }

  /// The tokenizer of tokenizer.json alone, all of whose parts count, the maximum length too.
  ///
  /// - Throws: ``SwiftletError`` that names the file.
  package init(tokenizerFile path: String) throws {
    let file = try TokenizerFile(path: path)
    try self.init(file: file, TokenizerConfiguration(Normalization()), .file)
    maxLength = file.maxLength
  }

  /// From vocab.txt.
  private init(
    vocabulary path: String, _ configuration: TokenizerConfiguration, _ kind: TokenizerClass
  ) throws {
    let file = try VocabularyFile(path: path)
    let stages = TokenizerStages(file.vocabulary, configuration, kind)
    var parts = Parts(path, stages, configuration, listed: configuration.addedTokens)
    parts.warnings = file.warnings
    try self.init(parts, kind)
  }

  /// From tokenizer.json.
  private init(file: TokenizerFile, _ configuration: TokenizerConfiguration, _ kind: TokenizerClass) throws {
    let listed = configuration.listsAddedTokens ? [] : file.addedTokens
    let stages = try file.stages(kind, configuration)
    var parts = Parts(file.path, stages, configuration, listed: configuration.addedTokens + listed)
    if kind.usesFile {
      parts.added.add(file.addedTokens)
      if kind.names == nil, configuration.name("pad_token", default: nil) == nil, let token = file.paddingToken {
        parts.extraNamed.append(token)
      }
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
    let stages: TokenizerStages
    let vocabulary: any ModelVocabulary
    let configuration: TokenizerConfiguration
    /// The added tokens of the files with their ids; the last of an id counts.
    let listed: [AddedToken]
    var added: AddedTokenList
    var extraNamed: [AddedToken] = []
    var warnings: [String] = []

    init(_ path: String, _ stages: TokenizerStages, _ configuration: TokenizerConfiguration, listed: [AddedToken]) {
      self.path = path
      self.stages = stages
      vocabulary = stages.vocabulary
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
    let unknown =
      switch parts.stages.segmentation {
      case .wordPiece(let settings): try required("unk_token", settings.unknown)
      case .unigram(let settings): settings.model.unknownID
      }
    var special = SpecialTokens(
      unknown: unknown, classifier: id("cls_token", names.classifier),
      separator: id("sep_token", names.separator), padding: id("pad_token", names.padding),
      mask: id("mask_token", names.mask))
    var template = parts.stages.template
    /// The ids of the tokens that the class puts before and after a text.
    func around(
      _ first: String, _ start: String?, _ last: String, _ end: String?
    ) throws(TokenizerError) -> (start: Int32, end: Int32) {
      (
        try required(first, configuration.name(first, default: start)),
        try required(last, configuration.name(last, default: end))
      )
    }
    if let form = kind.template {
      let ids =
        form == .xlmRoberta
        ? try around("bos_token", names.beginning, "eos_token", names.end)
        : try around("cls_token", names.classifier, "sep_token", names.separator)
      (special.classifier, special.separator) = (ids.start, ids.end)
      template =
        form == .bert
        ? .bert(classifier: ids.start, separator: ids.end) : .roberta(classifier: ids.start, separator: ids.end)
      if form == .mpnet { template?.trimming = OffsetTrimming(keepsFirstSpace: false) }
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
    self.vocabulary = vocabulary
    segmenter = parts.stages.segmenter(added.tokens, unknownID: unknown)
    warnings = parts.warnings + added.warnings(listed: parts.listed, path: path)
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
