// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// tokenizer.json of a multilingual model: Unigram behind a SentencePiece normalizer.
///
/// Anything else in the format is an error that names it. Padding and truncation are not applied; only the maximum length
/// is reported.
struct UnigramFile {
  let model: UnigramModel
  private(set) var normalization = UnigramNormalization()
  private(set) var splitting = UnigramSplitting(dropsWhitespace: false, metaspace: nil)
  let template: TokenTemplate
  let decoder: TokenDecoder?
  let addedTokens: [AddedToken]
  let maxLength: Int?

  /// Whether a tokenizer.json has a Unigram model. One without a type is Unigram's if its vocabulary is a list.
  static func isUnigram(_ file: JSONFields) throws(TokenizerError) -> Bool {
    guard let model = try file.object("model") else { return false }
    if let type = try model.string("type") { return sameBytes(type, "Unigram") }
    return model.object["vocab"]?.array != nil
  }

  /// - Parameter tokenizerClass: the transformers class that reads the file; it may replace stages.
  init(_ file: JSONFields, _ tokenizerClass: UnigramClass) throws(TokenizerError) {
    guard let fields = try file.object("model") else { throw file.malformed("model", expected: "an object") }
    model = try Self.model(fields, tokenizerClass)
    try normalization.read(file.object("normalizer"))
    if tokenizerClass == .asFile {
      try splitting.read(file.object("pre_tokenizer"))
      decoder = try file.object("decoder").map { (fields) throws(TokenizerError) in
        .unigram(try UnigramDecoder.read(fields))
      }
    } else {
      normalization.steps = []
      let metaspace = Metaspace(prepends: tokenizerClass.addsPrefixSpace ? .always : .never)
      splitting = UnigramSplitting(dropsWhitespace: true, metaspace: metaspace)
      decoder = .unigram([
        .metaspace(replacement: metaspace.replacement, dropsFirst: tokenizerClass.addsPrefixSpace)
      ])
    }
    template = try TokenTemplate.read(file)
    maxLength = try file.object("truncation")?.int("max_length")
    var tokens: [AddedToken] = []
    for fields in try file.objects("added_tokens") ?? [] {
      let id = try fields.required("id", "a token id") { (fields, key) throws(TokenizerError) in
        try fields.int(key).flatMap(Int32.init(exactly:))
      }
      tokens.append(try AddedToken(fields, id: id))
    }
    addedTokens = tokens
  }

  private static func model(
    _ fields: JSONFields, _ tokenizerClass: UnigramClass
  ) throws(TokenizerError) -> UnigramModel {
    let entries = try fields.required("vocab", "a list of tokens and scores") { (fields, key) throws(TokenizerError) in
      try fields.array(key)
    }
    guard !entries.isEmpty else { throw .emptyVocabulary(path: fields.path) }
    guard entries.count <= Vocabulary.maximumTokenCount else {
      throw .invalidVocabulary(path: fields.path, problem: "more than \(Vocabulary.maximumTokenCount) tokens")
    }
    var bytes: ContiguousArray<UInt8> = []
    var places: ContiguousArray<Vocabulary.Place> = []
    var scores: ContiguousArray<Double> = []
    for (index, entry) in entries.enumerated() {
      guard let pair = entry.array, pair.count == 2, let piece = pair[0].string, let score = pair[1].double,
        score.isFinite
      else { throw fields.malformed("vocab[\(index)]", expected: "a token and its score") }
      let start = bytes.count
      bytes += piece.utf8
      places.append(Vocabulary.Place(start..<bytes.count))
      scores.append(score)
    }
    let unknownID = tokenizerClass == .asFile ? try fields.int("unk_id") : 3
    guard let unknownID else { throw fields.unsupported("a Unigram model without unk_id") }
    guard entries.indices.contains(unknownID) else { throw fields.malformed("unk_id", expected: "the id of a token") }
    let spellsBytes = try fields.bool("byte_fallback") ?? false
    return try UnigramModel(
      bytes: bytes, places: places, scores: scores, unknownID: Int32(unknownID),
      spellsBytes: spellsBytes && tokenizerClass == .asFile, path: fields.path)
  }
}

/// How the class of transformers that a folder names reads a Unigram tokenizer.json.
enum UnigramClass: Equatable {
  /// As the file says.
  case asFile
  /// XLM-RoBERTa's: of the normalizer the map of characters counts, white space is dropped and words are split at "▁"; the
  /// unknown token has the id 3.
  case xlmRoberta(addsPrefixSpace: Bool)

  fileprivate var addsPrefixSpace: Bool { self != .xlmRoberta(addsPrefixSpace: false) }
}

extension UnigramNormalization {
  /// Reads a normalizer, of which a Sequence may have several.
  fileprivate mutating func read(_ fields: JSONFields?) throws(TokenizerError) {
    guard let fields else { return }
    let type = try fields.stageType()
    switch type {
    case "Sequence":
      for part in try fields.objects("normalizers") ?? [] { try read(part) }
    case "Precompiled":
      guard characters == nil, steps.isEmpty else {
        throw fields.unsupported("a normalizer of type Precompiled after \(characters == nil ? "others" : "another")")
      }
      let text = try fields.required("precompiled_charsmap", "a string") { (fields, key) throws(TokenizerError) in
        try fields.string(key)
      }
      guard let map = bytesOfBase64(text).flatMap(CharacterMap.init) else {
        throw fields.malformed("precompiled_charsmap", expected: "a map of characters in base64")
      }
      characters = map
    case "Strip":
      steps.append(.strip(left: try fields.bool("strip_left") ?? false, right: try fields.bool("strip_right") ?? false))
    case "Lowercase":
      if characters == nil, steps.isEmpty { lowercases = true } else { steps.append(.lowercase) }
    case "Replace": steps.append(try Self.replacement(fields))
    default: throw fields.unsupported("a Unigram tokenizer with a normalizer of type \(quoted(type))")
    }
  }

  private static func replacement(_ fields: JSONFields) throws(TokenizerError) -> Step {
    let content = (try fields.string("content") ?? "").unicodeScalars.map(\.value)
    let pattern = try fields.object("pattern")
    if let text = try pattern?.string("String"), 1...64 ~= text.unicodeScalars.count {
      return .replace(pattern: text.unicodeScalars.map(\.value), content: content)
    }
    if let expression = try pattern?.string("Regex"), sameBytes(expression, " {2,}") {
      return .spaces(content: content)
    }
    throw fields.unsupported("this pattern in a normalizer of type Replace")
  }
}

extension UnigramSplitting {
  /// Reads a pre-tokenizer: WhitespaceSplit, Metaspace, or the one and then the other.
  fileprivate mutating func read(_ fields: JSONFields?) throws(TokenizerError) {
    guard let fields else { return }
    let type = try fields.stageType()
    switch type {
    case "Sequence":
      for part in try fields.objects("pretokenizers") ?? [] { try read(part) }
    case "WhitespaceSplit" where metaspace == nil: dropsWhitespace = true
    case "Metaspace" where metaspace == nil: metaspace = try fields.metaspace()
    default: throw fields.unsupported("a Unigram tokenizer with a pre_tokenizer of type \(quoted(type))")
    }
  }
}

extension UnigramDecoder {
  fileprivate static func read(_ fields: JSONFields) throws(TokenizerError) -> [UnigramDecoder] {
    func scalars(_ key: String) throws(TokenizerError) -> [Unicode.Scalar] {
      Array((try fields.string(key) ?? "").unicodeScalars)
    }
    let type = try fields.stageType()
    switch type {
    case "Sequence":
      var decoders: [UnigramDecoder] = []
      for part in try fields.objects("decoders") ?? [] { decoders += try read(part) }
      return decoders
    case "Metaspace":
      let metaspace = try fields.metaspace()
      return [.metaspace(replacement: metaspace.replacement, dropsFirst: metaspace.prepends != .never)]
    case "Replace":
      let pattern = Array((try fields.object("pattern")?.string("String") ?? "").unicodeScalars)
      guard !pattern.isEmpty else { throw fields.unsupported("this pattern in a decoder of type Replace") }
      return [.replace(pattern: pattern, content: try scalars("content"))]
    case "ByteFallback": return [.bytes]
    case "Fuse": return [.fuse]
    case "Strip":
      let content = try scalars("content"), start = try fields.int("start"), stop = try fields.int("stop")
      guard content.count == 1, let start, let stop, start >= 0, stop >= 0 else {
        throw fields.malformed("content", expected: "one character, and start and stop numbers")
      }
      return [.strip(content: content[0], start: start, stop: stop)]
    default: throw fields.unsupported("a Unigram tokenizer with a decoder of type \(quoted(type))")
    }
  }
}

extension TokenTemplate {
  /// Reads the post-processor: TemplateProcessing, RobertaProcessing, BertProcessing, or a Sequence of one of them.
  fileprivate static func read(_ file: JSONFields) throws(TokenizerError) -> TokenTemplate {
    guard let template = try template(file.object("post_processor")) else {
      throw file.unsupported("a post_processor in which a text is missing or occurs twice")
    }
    return template
  }

  private static func template(_ fields: JSONFields?) throws(TokenizerError) -> TokenTemplate? {
    guard let fields else { return textsAlone }
    let type = try fields.stageType()
    switch type {
    case "Sequence":
      let parts = try fields.objects("processors") ?? []
      guard parts.count <= 1 else { throw fields.unsupported("a post_processor of several") }
      return try template(parts.first)
    case "TemplateProcessing":
      let special = try fields.object("special_tokens")
      return TokenTemplate(
        single: try fields.templatePieces("single", special), pair: try fields.templatePieces("pair", special))
    case "RobertaProcessing":
      var template = roberta(classifier: try fields.processorToken("cls"), separator: try fields.processorToken("sep"))
      if try fields.bool("trim_offsets") ?? true {
        template?.trimming = OffsetTrimming(keepsFirstSpace: try fields.bool("add_prefix_space") ?? true)
      }
      return template
    case "BertProcessing":
      return bert(classifier: try fields.processorToken("cls"), separator: try fields.processorToken("sep"))
    default: throw fields.unsupported("post_processor of type \(quoted(type))")
    }
  }
}

extension JSONFields {
  /// The type of a stage.
  fileprivate func stageType() throws(TokenizerError) -> String {
    try required("type", "a string") { (fields, key) throws(TokenizerError) in try fields.string(key) }
  }

  /// A Metaspace splitter or decoder. Older files say `add_prefix_space` in place of `prepend_scheme`.
  fileprivate func metaspace() throws(TokenizerError) -> Metaspace {
    var metaspace = Metaspace()
    let replacement = try required("replacement", "one character") { (fields, key) throws(TokenizerError) in
      try fields.string(key)
    }
    guard let scalar = replacement.unicodeScalars.first, replacement.unicodeScalars.count == 1, scalar != " " else {
      throw malformed("replacement", expected: "one character other than a space")
    }
    metaspace.replacement = scalar
    switch try string("prepend_scheme") {
    case nil, "always"?: metaspace.prepends = .always
    case "first"?: metaspace.prepends = .first
    case "never"?: metaspace.prepends = .never
    case _?: throw malformed("prepend_scheme", expected: "always, first or never")
    }
    if try bool("add_prefix_space") == false, metaspace.prepends != .never {
      throw malformed("prepend_scheme", expected: "never, as add_prefix_space is false")
    }
    metaspace.splits = try bool("split") ?? true
    return metaspace
  }

  /// The parts of a template; `special` has the ids of its special tokens.
  fileprivate func templatePieces(
    _ key: String, _ special: JSONFields?
  ) throws(TokenizerError) -> [TokenTemplate.Piece] {
    var pieces: [TokenTemplate.Piece] = []
    for fields in try objects(key) ?? [] {
      let token = try fields.object("SpecialToken"), sequence = try fields.object("Sequence")
      guard let part = token ?? sequence, let id = try part.string("id"),
        let typeID = try part.int("type_id").flatMap(Int32.init(exactly:)), typeID >= 0
      else { throw malformed(key, expected: "a list of sequences and special tokens") }
      if token != nil {
        guard let ids = try special?.object(id)?.array("ids") else {
          throw malformed("special_tokens", expected: "an object with \(quoted(id))")
        }
        var tokenIDs: [Int32] = []
        for value in ids {
          guard let number = value.int.flatMap(Int32.init(exactly:)), number >= 0 else {
            throw malformed("special_tokens", expected: "an object with the ids of \(quoted(id))")
          }
          tokenIDs.append(number)
        }
        pieces.append(.special(ids: tokenIDs, typeID: typeID))
      } else {
        guard id == "A" || id == "B" else { throw malformed(key, expected: "a template of A and B") }
        pieces.append(.text(isSecond: id == "B", typeID: typeID))
      }
    }
    return pieces
  }

  /// The id of a token that BertProcessing or RobertaProcessing adds.
  fileprivate func processorToken(_ key: String) throws(TokenizerError) -> Int32 {
    guard let pair = try array(key), pair.count == 2, let id = pair[1].int.flatMap(Int32.init(exactly:)), id >= 0 else {
      throw malformed(key, expected: "a token and its id")
    }
    return id
  }
}
