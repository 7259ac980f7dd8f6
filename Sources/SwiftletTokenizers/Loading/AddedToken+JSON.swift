// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

extension AddedToken {
  /// An added token as tokenizer.json and tokenizer_config.json write it.
  init(_ fields: JSONFields, id: Int32) throws(TokenizerError) {
    let content = try fields.required("content", "a string") { (fields, key) throws(TokenizerError) in
      try fields.string(key)
    }
    guard !content.isEmpty else { throw fields.malformed("content", expected: "not empty") }
    let isSpecial = try fields.bool("special") ?? false
    self.init(
      content, id: id, isSpecial: isSpecial, stripsLeft: try fields.bool("lstrip") ?? false,
      stripsRight: try fields.bool("rstrip") ?? false, isSingleWord: try fields.bool("single_word") ?? false,
      isNormalized: try fields.bool("normalized") ?? !isSpecial)
  }
}
