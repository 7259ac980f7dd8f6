// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// tokenizer.json of a BERT model: WordPiece between BERT's normalizer, pre-tokenizer and post-processor.
///
/// Anything else in the format is an error that names it: silently different ids would be worse. Padding and truncation
/// are not applied, as in sentence-transformers; only the maximum length is reported.
struct TokenizerFile {
  let vocabulary: Vocabulary
  let normalization: Normalization
  private(set) var names = SpecialTokenNames()
  let addedTokens: [AddedToken]
  let longestWord: Int
  let continuationPrefix: String
  let decoder: PieceDecoder?
  let maxLength: Int?

  private static let maximumByteCount = 1 << 27
  /// BERT has 100. The time for a word grows with its square: at 65,536 a line of 64 KB took 13 seconds.
  private static let maximumScalarsPerWord = 1 << 10
  /// How many ids of the vocabulary may have no token.
  private static let maximumUnusedIDs = 1 << 16

  init(path: String) throws {
    let file = try JSONFields(path: path, limit: Self.maximumByteCount)
    let model = try file.component("model", types: ["WordPiece"])
    let normalizer = try file.component("normalizer", types: ["BertNormalizer"])
    _ = try file.component("pre_tokenizer", types: ["BertPreTokenizer"])
    let processor = try file.component("post_processor", types: ["TemplateProcessing", "BertProcessing"])

    vocabulary = try Self.vocabulary(of: model)
    normalization = Normalization(
      lowercases: try normalizer.bool("lowercase") ?? true,
      stripsAccents: try normalizer.bool("strip_accents"),
      isolatesIdeographs: try normalizer.bool("handle_chinese_chars") ?? true,
      cleansText: try normalizer.bool("clean_text") ?? true)
    continuationPrefix = try model.string("continuing_subword_prefix") ?? "##"
    longestWord = try model.int("max_input_chars_per_word") ?? 100
    guard 1...Self.maximumScalarsPerWord ~= longestWord else {
      throw model.malformed("max_input_chars_per_word", expected: "from 1 to \(Self.maximumScalarsPerWord)")
    }
    decoder = try Self.decoder(of: file)
    maxLength = try file.object("truncation")?.int("max_length")
    names.unknown = try model.string("unk_token") ?? names.unknown
    (names.classifier, names.separator) = try processor.bertTemplate()

    var tokens: [AddedToken] = []
    for fields in try file.objects("added_tokens") ?? [] {
      let id = try fields.required("id", "a token id") { (fields, key) throws(TokenizerError) in
        try fields.int(key).flatMap(Int32.init(exactly:))
      }
      tokens.append(try AddedToken(fields, id: id))
    }
    addedTokens = tokens
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

  private static func decoder(of file: JSONFields) throws(TokenizerError) -> PieceDecoder? {
    guard try file.object("decoder") != nil else { return nil }
    let decoder = try file.component("decoder", types: ["WordPiece"])
    return PieceDecoder(
      prefix: try decoder.string("prefix") ?? "##", cleansUp: try decoder.bool("cleanup") ?? true)
  }
}

extension JSONFields {
  /// A stage of the tokenizer. Throws unless it is present and of one of the types.
  fileprivate func component(_ key: String, types: [String]) throws(TokenizerError) -> JSONFields {
    guard let fields = try object(key) else { throw unsupported("a tokenizer without \(key)") }
    guard let type = try fields.string("type") else { throw fields.malformed("type", expected: "a string") }
    guard types.contains(where: { sameBytes($0, type) }) else {
      throw unsupported("\(key) of type \(quoted(type))")
    }
    return fields
  }

  /// The tokens that the post-processor puts before the first text and after each text. Throws unless it works as
  /// BERT's does.
  fileprivate func bertTemplate() throws(TokenizerError) -> (classifier: String, separator: String) {
    if try string("type") == "BertProcessing" {
      return (try bertProcessingToken("cls"), try bertProcessingToken("sep"))
    }
    let single = try templatePieces("single")
    let pair = try templatePieces("pair")
    guard single.count == 3, pair.count == 5, let classifier = single[0].special,
      let separator = single[2].special,
      single == TemplatePiece.bert(classifier, separator, isPair: false),
      pair == TemplatePiece.bert(classifier, separator, isPair: true)
    else {
      throw unsupported(
        "a post_processor other than [CLS] A [SEP] and [CLS] A [SEP] B [SEP] with types 0 and 1")
    }
    return (classifier, separator)
  }

  private func bertProcessingToken(_ key: String) throws(TokenizerError) -> String {
    guard let token = try array(key)?.first?.string else {
      throw malformed(key, expected: "a token and its id")
    }
    return token
  }

  private func templatePieces(_ key: String) throws(TokenizerError) -> [TemplatePiece] {
    var pieces: [TemplatePiece] = []
    for fields in try objects(key) ?? [] {
      let special = try fields.object("SpecialToken")
      let sequence = try fields.object("Sequence")
      guard let piece = special ?? sequence, let id = try piece.string("id"),
        let typeID = try piece.int("type_id")
      else { throw malformed(key, expected: "a list of sequences and special tokens") }
      pieces.append(TemplatePiece(isSpecial: special != nil, id: id, typeID: typeID))
    }
    return pieces
  }
}

/// A piece of a TemplateProcessing: a text (A or B) or a special token.
private struct TemplatePiece: Equatable {
  let isSpecial: Bool
  let id: String
  let typeID: Int

  var special: String? { isSpecial ? id : nil }

  static func bert(_ classifier: String, _ separator: String, isPair: Bool) -> [TemplatePiece] {
    let first = [
      TemplatePiece(isSpecial: true, id: classifier, typeID: 0),
      TemplatePiece(isSpecial: false, id: "A", typeID: 0),
      TemplatePiece(isSpecial: true, id: separator, typeID: 0),
    ]
    let second = [
      TemplatePiece(isSpecial: false, id: "B", typeID: 1),
      TemplatePiece(isSpecial: true, id: separator, typeID: 1),
    ]
    return isPair ? first + second : first
  }
}
