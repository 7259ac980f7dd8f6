// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// tokenizer.json: WordPiece between BERT's normalizer and pre-tokenizer, or Unigram between SentencePiece's
/// (UnigramFile.swift), and a post-processor.
///
/// Vocabulary and added tokens are always read. The other parts count only for some tokenizer classes, see
/// ``stages(_:_:)``. Anything that is not supported is an error that names it: silently different ids would be worse.
/// Padding and truncation are not applied, as in sentence-transformers.
struct TokenizerFile {
  let modelKind: SegmentationKind
  /// The added tokens, with the file's ids.
  let addedTokens: [AddedToken]
  /// Whether the file's truncation cuts the start of texts.
  let truncatesLeft: Bool
  /// The maximum length of the file's truncation.
  let maxLength: Int?
  /// The padding token of the file's padding, if it has one.
  let paddingToken: AddedToken?
  let path: String
  let file: JSONFields
  let model: JSONFields

  private static let maximumByteCount = 1 << 27
  /// BERT has 100. The time for a word that ends unknown grows with its length and with the lengths of tokens.
  private static let maximumScalarsPerWord = 1 << 14
  /// With more lengths of long tokens, words of more than 1,024 scalars would take too much time.
  private static let maximumLongLengths = 64
  /// How many ids of the vocabulary may have no token.
  private static let maximumUnusedIDs = 1 << 16

  init(path: String) throws {
    self.path = path
    file = try JSONFields(path: path, limit: Self.maximumByteCount)
    (model, modelKind) = try file.model("model")
    let truncation = try file.object("truncation")
    maxLength = try truncation?.int("max_length")
    let direction = try truncation?.string("direction")
    truncatesLeft = direction.map { sameBytes($0, "Left") } ?? false
    paddingToken = try file.object("padding")?.string("pad_token").flatMap { token in
      token.isEmpty ? nil : AddedToken(token, id: AddedToken.noID)
    }
    var tokens: [AddedToken] = []
    for fields in try file.objects("added_tokens") ?? [] {
      let id = try fields.required("id", "a token id") { (fields, key) throws(TokenizerError) in
        try fields.int(key).flatMap(Int32.init(exactly:)).flatMap { $0 >= 0 ? $0 : nil }
      }
      tokens.append(try AddedToken(fields, id: id))
    }
    addedTokens = tokens
  }

  /// Normalizer, pre-tokenizer, model, post-processor and decoder: the file's, or those that the class sets.
  func stages(
    _ kind: TokenizerClass, _ configuration: TokenizerConfiguration
  ) throws(TokenizerError) -> TokenizerStages {
    var stages: TokenizerStages
    switch modelKind {
    case .wordPiece:
      let vocabulary = try Self.vocabulary(of: model)
      stages = TokenizerStages(vocabulary, configuration, kind)
      if kind.usesFile {
        stages.segmentation = .wordPiece(try wordPiece(vocabulary))
        stages.decoder = try Self.decoder(of: file)
      }
    case .unigram: stages = try unigramStages(kind, configuration)
    }
    if kind.template == nil { stages.template = try file.template("post_processor") }
    return stages
  }

  // MARK: WordPiece

  private func wordPiece(_ vocabulary: Vocabulary) throws(TokenizerError) -> WordPieceSettings {
    var settings = WordPieceSettings(vocabulary: vocabulary)
    settings.normalization = try file.normalization("normalizer")
    try file.checkPreTokenizer("pre_tokenizer")
    settings.unknown = try model.string("unk_token") ?? settings.unknown
    settings.continuationPrefix = try model.string("continuing_subword_prefix") ?? "##"
    let longest = try model.int("max_input_chars_per_word") ?? 100
    guard longest >= 1 else { throw model.malformed("max_input_chars_per_word", expected: "at least 1") }
    guard longest <= Self.maximumScalarsPerWord else {
      throw model.unsupported(
        "max_input_chars_per_word \(longest), more than \(Self.maximumScalarsPerWord)",
        remedy: "BERT has 100; set it to at most \(Self.maximumScalarsPerWord)")
    }
    guard longest <= 1024 || vocabulary.longLengths.count <= Self.maximumLongLengths else {
      throw model.unsupported(
        "max_input_chars_per_word \(longest) with tokens of \(vocabulary.longLengths.count) lengths over 31 bytes",
        remedy: "set it to at most 1024")
    }
    settings.maximumWordScalarCount = longest
    return settings
  }

  private static func vocabulary(of model: JSONFields) throws(TokenizerError) -> Vocabulary {
    let fields = try model.required("vocab", "an object") { (fields, key) throws(TokenizerError) in
      try fields.object(key)
    }
    var bytes: ContiguousArray<UInt8> = []
    var places: ContiguousArray<Vocabulary.Place?> = []
    // An id far above the number of tokens would make a huge table from a mistake in a small file.
    let limit = min(fields.object.members.count + maximumUnusedIDs, Vocabulary.maximumTokenCount)
    for member in fields.object.members {
      guard let id = member.value.int, 0..<limit ~= id else {
        throw fields.malformed(quoted(member.key), expected: "a token id below \(limit)")
      }
      while places.count <= id { places.append(nil) }
      guard places[id] == nil else {
        throw fields.malformed(quoted(member.key), expected: "an id of its own, \(id) has another token")
      }
      let start = bytes.count
      bytes += member.key.utf8
      places[id] = Vocabulary.Place(start..<bytes.count)
    }
    guard !places.isEmpty else { throw .emptyVocabulary(path: model.path) }
    return try Vocabulary(bytes: bytes, places: places, path: model.path)
  }

  private static func decoder(of file: JSONFields) throws(TokenizerError) -> TokenDecoder? {
    guard try file.object("decoder") != nil else { return nil }
    let decoder = try file.component("decoder", types: ["WordPiece"])
    return .wordPiece(
      WordPieceDecoder(prefix: try decoder.string("prefix") ?? "##", cleansUp: try decoder.bool("cleanup") ?? true))
  }
}

extension JSONFields {
  /// The model and its kind. Files written before tokenizers 0.9 do not name the type.
  fileprivate func model(_ key: String) throws(TokenizerError) -> (JSONFields, SegmentationKind) {
    if let model = try object(key), model.object["type"] == nil {
      if model.object["max_input_chars_per_word"] != nil { return (model, .wordPiece) }
      if model.object["vocab"]?.array != nil { return (model, .unigram) }
    }
    let kinds: [SegmentationKind] = [.wordPiece, .unigram]
    let model = try component(key, types: kinds.map(\.rawValue))
    return (model, try model.hasType([SegmentationKind.unigram.rawValue]) ? .unigram : .wordPiece)
  }

  /// A stage of the tokenizer. Throws unless it is present and of one of the types.
  fileprivate func component(_ key: String, types: [String]) throws(TokenizerError) -> JSONFields {
    guard let fields = try object(key) else { throw unsupported("a tokenizer without \(key)") }
    guard try fields.hasType(types) else {
      throw unsupported("\(key) of type \(quoted(try fields.string("type") ?? ""))")
    }
    return fields
  }

  /// Whether the object's type is one of these.
  fileprivate func hasType(_ types: [String]) throws(TokenizerError) -> Bool {
    guard let type = try string("type") else { throw malformed("type", expected: "a string") }
    return types.contains { sameBytes($0, type) }
  }

  /// The stages of a Sequence, and of the Sequences in it; else the stage itself.
  fileprivate func parts(_ key: String, inside list: String) throws(TokenizerError) -> [JSONFields] {
    guard let fields = try object(key) else { return [] }
    return try fields.parts(list)
  }

  private func parts(_ list: String) throws(TokenizerError) -> [JSONFields] {
    guard try hasType(["Sequence"]) else { return [self] }
    var parts: [JSONFields] = []
    for part in try objects(list) ?? [] { parts += try part.parts(list) }
    return parts
  }

  // MARK: Normalizer and pre-tokenizer

  /// BERT's normalizer, lowercasing, or a Sequence of both; without a normalizer texts stay as they are.
  fileprivate func normalization(_ key: String) throws(TokenizerError) -> Normalization {
    var result = Normalization(lowercases: false, isolatesIdeographs: false, cleansText: false)
    var hasBERT = false
    for part in try parts(key, inside: "normalizers") {
      // Lowercasing before BERT's steps and after them give the same: no step depends on case.
      if try part.hasType(["Lowercase"]) {
        result.lowercases = true
        continue
      }
      guard try part.hasType(["BertNormalizer"]), !hasBERT else {
        throw unsupported("\(key) of type \(quoted(try part.string("type") ?? ""))")
      }
      hasBERT = true
      let lowercases = try part.bool("lowercase") ?? true
      result = Normalization(
        lowercases: lowercases || result.lowercases, stripsAccents: try part.bool("strip_accents") ?? lowercases,
        isolatesIdeographs: try part.bool("handle_chinese_chars") ?? true,
        cleansText: try part.bool("clean_text") ?? true)
    }
    return result
  }

  /// BERT's pre-tokenizer, or a Sequence of nothing else: it splits at every place at once.
  fileprivate func checkPreTokenizer(_ key: String) throws(TokenizerError) {
    let parts = try parts(key, inside: "pretokenizers")
    guard !parts.isEmpty else { throw unsupported("a tokenizer without \(key)") }
    for part in parts where try !part.hasType(["BertPreTokenizer"]) {
      throw unsupported("\(key) of type \(quoted(try part.string("type") ?? ""))")
    }
  }

  // MARK: Post-processor

  /// What the post-processor puts around texts.
  fileprivate func template(_ key: String) throws(TokenizerError) -> TokenTemplate {
    let parts = try parts(key, inside: "processors")
    guard let part = parts.first else { return try require(TokenTemplate.textsAlone, key) }
    guard parts.count == 1 else { throw unsupported("\(key) of \(parts.count) parts") }
    guard try part.hasType(["TemplateProcessing", "BertProcessing", "RobertaProcessing"]) else {
      throw unsupported("\(key) of type \(quoted(try part.string("type") ?? ""))")
    }
    if try part.hasType(["TemplateProcessing"]) {
      return try part.require(
        TokenTemplate(single: try part.templateParts("single"), pair: try part.templateParts("pair")), "single and pair"
      )
    }
    let classifier = try part.processingToken("cls"), separator = try part.processingToken("sep")
    guard try part.hasType(["RobertaProcessing"]) else {
      return try require(.bert(classifier: classifier, separator: separator), key)
    }
    var template = try require(.roberta(classifier: classifier, separator: separator), key)
    if try part.bool("trim_offsets") ?? true {
      template.trimming = OffsetTrimming(keepsFirstSpace: try part.bool("add_prefix_space") ?? true)
    }
    return template
  }

  private func require(_ template: TokenTemplate?, _ key: String) throws(TokenizerError) -> TokenTemplate {
    guard let template else { throw malformed(key, expected: "templates with each text once") }
    return template
  }

  /// The id of a pair [token, id].
  private func processingToken(_ key: String) throws(TokenizerError) -> Int32 {
    guard let pair = try array(key), pair.count == 2, pair[0].string != nil, let id = pair[1].int,
      let id = Int32(exactly: id), id >= 0
    else { throw malformed(key, expected: "a token and its id") }
    return id
  }

  private func templateParts(_ key: String) throws(TokenizerError) -> [TokenTemplate.Part] {
    var parts: [TokenTemplate.Part] = []
    for fields in try objects(key) ?? [] {
      let special = try fields.object("SpecialToken"), sequence = try fields.object("Sequence")
      guard let part = special ?? sequence, let name = try part.string("id"),
        let typeID = try part.int("type_id").flatMap(Int32.init(exactly:)), typeID >= 0
      else { throw malformed(key, expected: "a list of sequences and special tokens") }
      if special != nil {
        parts.append(.special(ids: try specialIDs(name), typeID: typeID))
      } else {
        guard ["A", "B"].contains(where: { sameBytes($0, name) }) else {
          throw malformed(key, expected: "a list of sequences A and B and special tokens")
        }
        parts.append(.text(isSecond: sameBytes(name, "B"), typeID: typeID))
      }
    }
    return parts
  }

  /// The ids that a template's special token stands for.
  private func specialIDs(_ name: String) throws(TokenizerError) -> [Int32] {
    let ids = try object("special_tokens")?.object(name)?.array("ids")?.map { $0.int.flatMap(Int32.init(exactly:)) }
    guard let ids, !ids.contains(where: { ($0 ?? -1) < 0 }) else {
      throw malformed("special_tokens", expected: "an object with the ids of \(quoted(name))")
    }
    return ids.compactMap { $0 }
  }
}
