// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles

extension Tokenizer {
  /// tokenizer.json of a WordPiece tokenizer, without the special tokens around texts and without a maximum length; nil
  /// for a Unigram tokenizer, which has such a file already.
  ///
  /// For models that read nothing else. `tokenizers` and ``init(tokenizerFile:)`` give the same ids from it.
  package var file: JSONObject? {
    guard case .wordPiece(let stages) = segmenter else { return nil }
    return [
      "version": .string("1.0"), "truncation": .null, "padding": .null,
      "added_tokens": .array(addedTokens.map(\.fields)),
      "normalizer": .object([
        "type": .string("BertNormalizer"), "clean_text": .bool(normalization.cleansText),
        "handle_chinese_chars": .bool(normalization.isolatesIdeographs),
        "strip_accents": .bool(normalization.stripsAccents), "lowercase": .bool(normalization.lowercases),
      ]),
      "pre_tokenizer": .object(["type": .string("BertPreTokenizer")]),
      "post_processor": .null,
      "decoder": .object(["type": .string("WordPiece"), "prefix": .string("##"), "cleanup": .bool(true)]),
      "model": .object(stages.model.fields),
    ]
  }
}

extension WordPieceModel {
  fileprivate var fields: JSONObject {
    var ids = JSONObject()
    // Of a token that occurs twice the last id counts.
    for id in 0..<Int32(vocabulary.count) {
      guard let token = vocabulary.token(id), vocabulary.id(of: token) == id else { continue }
      ids[token] = .number(JSONNumber(Int(id)))
    }
    return [
      "type": .string("WordPiece"), "unk_token": .string(vocabulary.token(unknownID) ?? ""),
      "continuing_subword_prefix": .string(String(decoding: prefix, as: UTF8.self)),
      "max_input_chars_per_word": .number(JSONNumber(maximumWordScalarCount)), "vocab": .object(ids),
    ]
  }
}

extension AddedToken {
  fileprivate var fields: JSONValue {
    .object([
      "id": .number(JSONNumber(Int(id))), "content": .string(content), "single_word": .bool(isSingleWord),
      "lstrip": .bool(stripsLeft), "rstrip": .bool(stripsRight), "normalized": .bool(isNormalized),
      "special": .bool(isSpecial),
    ])
  }
}
