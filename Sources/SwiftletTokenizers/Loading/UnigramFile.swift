// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

extension TokenizerFile {
  /// The stages of a file with a Unigram model: its own, or those of XLM-RoBERTa's class.
  ///
  /// The class takes vocabulary and map of characters from the file. Source: transformers 5.23,
  /// models/xlm_roberta/tokenization_xlm_roberta.py.
  func unigramStages(
    _ kind: TokenizerClass, _ configuration: TokenizerConfiguration
  ) throws(TokenizerError) -> TokenizerStages {
    let normalizer = try file.object("normalizer")
    var normalization = UnigramNormalization(), splitting = UnigramSplitting(dropsWhitespace: false, metaspace: nil)
    let decoders: [UnigramDecoder]?, model: UnigramModel
    if kind.usesFile {
      let spellsBytes = try self.model.bool("byte_fallback") ?? false
      model = try unigramModel(unknownID: self.model.int("unk_id"), spellsBytes: spellsBytes)
      try normalization.read(normalizer)
      try splitting.read(file.object("pre_tokenizer"))
      decoders = try file.object("decoder").map { (fields) throws(TokenizerError) in try UnigramDecoder.read(fields) }
    } else {
      model = try unigramModel(unknownID: 3, spellsBytes: false)
      normalization.characters = try normalizer?.firstCharacterMap()
      let metaspace = Metaspace(prepends: configuration.addsPrefixSpace ? .always : .never)
      splitting = UnigramSplitting(dropsWhitespace: true, metaspace: metaspace)
      decoders = [.metaspace(replacement: metaspace.replacement, dropsFirst: configuration.addsPrefixSpace)]
    }
    let settings = UnigramSettings(model: model, normalization: normalization, splitting: splitting)
    return TokenizerStages(segmentation: .unigram(settings), decoder: decoders.map { .unigram($0) })
  }

  private func unigramModel(unknownID: Int?, spellsBytes: Bool) throws(TokenizerError) -> UnigramModel {
    let entries = try model.required("vocab", "a list of tokens and scores") { (fields, key) throws(TokenizerError) in
      try fields.array(key)
    }
    guard !entries.isEmpty else { throw .emptyVocabulary(path: path) }
    guard entries.count <= Vocabulary.maximumTokenCount else {
      throw .invalidVocabulary(path: path, problem: "more than \(Vocabulary.maximumTokenCount) tokens")
    }
    var bytes: ContiguousArray<UInt8> = []
    var places: ContiguousArray<Vocabulary.Place> = []
    var scores: ContiguousArray<Double> = []
    for (index, entry) in entries.enumerated() {
      guard let pair = entry.array, pair.count == 2, let piece = pair[0].string, let score = pair[1].double,
        score.isFinite
      else { throw model.malformed("vocab[\(index)]", expected: "a token and its score") }
      let start = bytes.count
      bytes += piece.utf8
      places.append(Vocabulary.Place(start..<bytes.count))
      scores.append(score)
    }
    guard let unknownID else { throw model.unsupported("a Unigram model without unk_id") }
    guard entries.indices.contains(unknownID) else {
      throw model.malformed("unk_id", expected: "the id of a token, not \(unknownID)")
    }
    return try UnigramModel(
      bytes: bytes, places: places, scores: scores, unknownID: Int32(unknownID), spellsBytes: spellsBytes, path: path)
  }
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
      characters = try fields.characterMap()
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

  /// The map of characters of a normalizer of type Precompiled.
  fileprivate func characterMap() throws(TokenizerError) -> CharacterMap {
    let text = try required("precompiled_charsmap", "a string") { (fields, key) throws(TokenizerError) in
      try fields.string(key)
    }
    guard let map = bytesOfBase64(text).flatMap(CharacterMap.init) else {
      throw malformed("precompiled_charsmap", expected: "a map of characters in base64")
    }
    return map
  }

  /// The map of characters of a normalizer, or the first one in a Sequence; nil if there is none.
  fileprivate func firstCharacterMap() throws(TokenizerError) -> CharacterMap? {
    let parts = try stageType() == "Sequence" ? try objects("normalizers") ?? [] : [self]
    for part in parts where try part.stageType() == "Precompiled" { return try part.characterMap() }
    return nil
  }
}
