// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// What a folder says about its tokenizer besides vocabulary and tokenizer.json: tokenizer_config.json, and the older
/// special_tokens_map.json and added_tokens.json, which count only if tokenizer_config.json has no
/// `added_tokens_decoder`.
///
/// Source: transformers 5.23, `_from_pretrained` of tokenization_utils_base.py.
struct TokenizerConfiguration {
  /// Whether texts are lowercased; nil if the file does not say: BERT lowercases.
  private(set) var lowercases: Bool?
  private(set) var stripsAccents: Bool?
  private(set) var isolatesIdeographs: Bool?
  /// Whether XLM-RoBERTa's class puts a space before words at the start of a text.
  private(set) var addsPrefixSpace = true
  private(set) var className: String?
  private(set) var maxLength: Int?
  /// Whether special tokens in a text are text.
  private(set) var splitsSpecialTokens = false
  /// Whether long texts are cut at their start; nil if the file does not say.
  private(set) var truncatesLeft: Bool?
  /// Whether models get type ids; nil if the file does not say.
  private(set) var passesTypeIDs: Bool?

  /// The named special tokens, by their keys, as "cls_token". A nil value is null in the file: there is no such token.
  private(set) var named: [(key: String, token: AddedToken?)] = []
  /// The place of each key in `named`.
  private var placeOfKey: [UTF8Key: Int] = [:]
  /// Further special tokens.
  private(set) var extra: [AddedToken] = []
  /// The tokens of `added_tokens_decoder`, else of added_tokens.json.
  private(set) var addedTokens: [AddedToken] = []
  /// Whether `added_tokens_decoder` lists all added tokens, so that no other file counts.
  private(set) var listsAddedTokens = false
  /// tokenizer_config.json.
  let path: String

  private static let maximumByteCount = 1 << 24

  /// The settings of the files in a folder; absent files say nothing.
  init(folder: String) throws {
    path = joinPath(folder, "tokenizer_config.json")
    if exists(path) {
      let fields = try JSONFields(path: path, limit: Self.maximumByteCount)
      try readSettings(fields)
      try readSpecialTokens(fields, isMap: false)
      if let decoder = try fields.object("added_tokens_decoder") { try readDecoder(decoder) }
    }
    guard !listsAddedTokens else { return }
    let map = joinPath(folder, "special_tokens_map.json"), list = joinPath(folder, "added_tokens.json")
    if exists(map) { try readSpecialTokens(JSONFields(path: map, limit: Self.maximumByteCount), isMap: true) }
    if exists(list) { try readList(JSONFields(path: list, limit: Self.maximumByteCount)) }
  }

  /// BERT's settings, changed by a normalization.
  init(_ normalization: Normalization) {
    path = ""
    lowercases = normalization.lowercases
    stripsAccents = normalization.stripsAccents
    isolatesIdeographs = normalization.isolatesIdeographs
  }

  private mutating func readSettings(_ fields: JSONFields) throws(TokenizerError) {
    className = try fields.string("tokenizer_class")
    lowercases = try fields.bool("do_lower_case")
    stripsAccents = try fields.bool("strip_accents")
    isolatesIdeographs = try fields.bool("tokenize_chinese_chars")
    // null means false: the class's default is for an absent key.
    addsPrefixSpace = try fields.bool("add_prefix_space") ?? (fields.object["add_prefix_space"] == nil)
    splitsSpecialTokens = try fields.bool("split_special_tokens") ?? false
    if let side = try fields.string("truncation_side") {
      guard ["left", "right"].contains(where: { sameBytes($0, side) }) else {
        throw fields.malformed("truncation_side", expected: "left or right")
      }
      truncatesLeft = sameBytes(side, "left")
    }
    if let names = try fields.array("model_input_names") {
      passesTypeIDs = names.contains { $0.string.map { sameBytes($0, "token_type_ids") } ?? false }
    }
    // "No limit" is written as 1e30, an integer of 31 digits: past Int, so nil.
    maxLength = (fields.object["model_max_length"] ?? fields.object["max_len"])?.int
    for key in ["fast_tokenizer_files", "init_inputs", "processor_class"] {
      switch fields.object[key] {
      case nil, .null?, .array([])?: break
      case _?: throw fields.unsupported("\(key) in tokenizer_config.json", remedy: "remove the key")
      }
    }
  }

  // MARK: Special tokens

  /// The keys of the special tokens that every tokenizer knows, in the order in which they are added.
  private static let standardKeys = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// - Parameter isMap: whether the file is special_tokens_map.json, whose tokens replace those read before.
  private mutating func readSpecialTokens(_ fields: JSONFields, isMap: Bool) throws(TokenizerError) {
    for member in fields.object.members where member.key.hasSuffix("_token") {
      if member.value == .null {
        // Without a padding token the reference cannot encode; nothing is padded here.
        if member.key != "pad_token" { set(nil, for: member.key) }
      } else if member.value.string != nil || member.value.object != nil {
        set(try fields.token(member.key), for: member.key)
      } else if member.value.bool == nil {
        throw fields.malformed(member.key, expected: "a token")
      }
    }
    for key in ["extra_special_tokens", "additional_special_tokens"]
    where extra.isEmpty || isMap && key == "extra_special_tokens" {
      switch fields.object[key] {
      case nil, .null?: break
      case .array(let values)?:
        var contents = Set(extra.map { UTF8Key($0.content) })
        for index in values.indices {
          let token = try fields.token(key, index)
          if contents.insert(UTF8Key(token.content)).inserted { extra.append(token) }
        }
      case .object?:
        guard let tokens = try fields.object(key) else { break }
        for member in tokens.object.members { set(try tokens.token(member.key), for: member.key) }
      case _?: throw fields.malformed(key, expected: "a list of tokens")
      }
    }
  }

  private mutating func set(_ token: AddedToken?, for key: String) {
    if let place = placeOfKey[UTF8Key(key)] {
      named[place].token = token
    } else {
      placeOfKey[UTF8Key(key)] = named.count
      named.append((key, token))
    }
  }

  /// The spelling of a named special token: the file's, else the class's; nil if there is none.
  func name(_ key: String, default name: String?) -> String? {
    guard let place = placeOfKey[UTF8Key(key)] else { return name }
    return named[place].token?.content
  }

  /// The named special tokens in the order in which they are added, with those that the class has by itself.
  func namedTokens(_ tokenizerClass: TokenizerClass) -> [AddedToken] {
    let names = tokenizerClass.names
    func standard(_ key: String) -> AddedToken? {
      let name =
        switch key {
        case "bos_token": names?.beginning
        case "eos_token": names?.end
        case "unk_token": names?.unknown
        case "sep_token": names?.separator
        case "pad_token": names?.padding
        case "cls_token": names?.classifier
        case "mask_token": names?.mask
        default: nil as String?
        }
      let strips = tokenizerClass.maskStripsLeft && key == "mask_token"
      return name.map { AddedToken($0, id: AddedToken.noID, stripsLeft: strips) }
    }
    var tokens: [AddedToken] = []
    for key in Self.standardKeys {
      let token = if let place = placeOfKey[UTF8Key(key)] { named[place].token } else { standard(key) }
      if let token { tokens.append(token) }
    }
    for (key, token) in named where !Self.standardKeys.contains(where: { sameBytes($0, key) }) {
      if let token { tokens.append(token) }
    }
    return tokens
  }

  // MARK: Added tokens

  private mutating func readDecoder(_ decoder: JSONFields) throws(TokenizerError) {
    listsAddedTokens = true
    for member in decoder.object.members {
      guard let id = Int32(member.key), id >= 0 else { throw decoder.malformed(member.key, expected: "an id") }
      let token = try decoder.required(member.key, "an object") { (fields, key) throws(TokenizerError) in
        try fields.object(key)
      }
      addedTokens.append(try AddedToken(token, id: id))
    }
  }

  private mutating func readList(_ list: JSONFields) throws(TokenizerError) {
    let special = Set((named.compactMap(\.token) + extra).map { UTF8Key($0.content) })
    for member in list.object.members {
      guard let id = member.value.int.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw list.malformed(quoted(member.key), expected: "an id")
      }
      let isSpecial = special.contains(UTF8Key(member.key))
      addedTokens.append(AddedToken(member.key, id: id, isSpecial: isSpecial, isNormalized: !isSpecial))
    }
  }
}

extension JSONFields {
  /// A special token: its text, or an object with the text as its content.
  fileprivate func token(_ key: String) throws(TokenizerError) -> AddedToken {
    if object[key]?.object != nil, let fields = try object(key) {
      return try AddedToken(fields, id: AddedToken.noID, isSpecial: true)
    }
    let text = try required(key, "a token") { (fields, key) throws(TokenizerError) in try fields.string(key) }
    guard !text.isEmpty else { throw malformed(key, expected: "not empty") }
    return AddedToken(text, id: AddedToken.noID)
  }

  /// A special token in a list.
  fileprivate func token(_ key: String, _ index: Int) throws(TokenizerError) -> AddedToken {
    guard let value = try array(key)?[index], let fields = element(value, at: "\(key)[\(index)]") else {
      guard let text = object[key]?.array?[index].string, !text.isEmpty else {
        throw malformed("\(key)[\(index)]", expected: "a token")
      }
      return AddedToken(text, id: AddedToken.noID)
    }
    return try AddedToken(fields, id: AddedToken.noID)
  }
}
