// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The settings of tokenizer_config.json that a BERT tokenizer follows.
struct TokenizerConfiguration {
  /// nil if the file does not say. BERT then lowercases.
  var lowercases: Bool?
  var stripsAccents: Bool?
  var isolatesIdeographs: Bool?
  private(set) var className: String?
  private(set) var maxLength: Int?
  private(set) var names = SpecialTokenNames()
  /// The keys of `names` that the file has.
  private var nameKeys: [String] = []
  /// The tokens of `added_tokens_decoder`. Empty for older files, which only name the special tokens.
  private(set) var addedTokens: [AddedToken] = []

  /// The tokenizer classes that read vocab.txt as BERT does.
  private static let classes = [
    "BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast",
    "ElectraTokenizer",
    "ElectraTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend",
  ]
  private static let maximumByteCount = 1 << 24

  /// BERT's defaults, for a folder without the file.
  init() {}

  init(path: String) throws {
    let fields = try JSONFields(path: path, limit: Self.maximumByteCount)
    className = try fields.string("tokenizer_class")
    if let side = try fields.string("truncation_side"), side != "right" {
      throw fields.unsupported("truncation_side \(quoted(side))")
    }
    lowercases = try fields.bool("do_lower_case")
    stripsAccents = try fields.bool("strip_accents")
    isolatesIdeographs = try fields.bool("tokenize_chinese_chars")
    // "No limit" is written as 1e30, an integer of 31 digits. It does not fit an Int, so it becomes nil.
    maxLength = fields.object["model_max_length"]?.int
    for (key, name) in SpecialTokenNames.keys {
      guard let token = try fields.token(key) else { continue }
      names[keyPath: name] = token
      nameKeys.append(key)
    }
    if let decoder = try fields.object("added_tokens_decoder") {
      for member in decoder.object.members {
        guard let id = Int32(member.key), id >= 0 else {
          throw decoder.malformed(member.key, expected: "an id")
        }
        let token = try decoder.required(member.key, "an object") { (fields, key) throws(TokenizerError) in
          try fields.object(key)
        }
        addedTokens.append(try AddedToken(token, id: id))
      }
    }
  }

  /// Whether vocab.txt belongs to a tokenizer like BERT's; with tokenizer.json the class does not matter.
  var hasSupportedClass: Bool {
    guard let className else { return true }
    return Self.classes.contains { sameBytes($0, className) }
  }

  /// The keys whose values tokenizer.json contradicts.
  func differences(from normalization: Normalization, _ otherNames: SpecialTokenNames) -> [String] {
    var keys: [String] = []
    if let lowercases, lowercases != normalization.lowercases { keys.append("do_lower_case") }
    if let stripsAccents, stripsAccents != normalization.stripsAccents { keys.append("strip_accents") }
    if let isolatesIdeographs, isolatesIdeographs != normalization.isolatesIdeographs {
      keys.append("tokenize_chinese_chars")
    }
    for (key, name) in SpecialTokenNames.keys where nameKeys.contains(key) {
      if !sameBytes(names[keyPath: name], otherNames[keyPath: name]) { keys.append(key) }
    }
    return keys
  }
}

extension JSONFields {
  /// A token given by its text, or as an object with the text as its content.
  fileprivate func token(_ key: String) throws(TokenizerError) -> String? {
    if object[key]?.object != nil { return try self.object(key)?.string("content") }
    return try string(key)
  }
}

/// The spellings of the special tokens in a vocabulary.
struct SpecialTokenNames {
  var unknown = "[UNK]"
  var classifier = "[CLS]"
  var separator = "[SEP]"
  var padding = "[PAD]"
  var mask = "[MASK]"

  /// Their keys in tokenizer_config.json.
  static var keys: [(String, WritableKeyPath<SpecialTokenNames, String>)] {
    [
      ("unk_token", \.unknown), ("cls_token", \.classifier), ("sep_token", \.separator),
      ("pad_token", \.padding),
      ("mask_token", \.mask),
    ]
  }

  var all: [String] { [padding, unknown, classifier, separator, mask] }
}
