// SPDX-License-Identifier: Apache-2.0

import FileFormats

extension AddedToken {
  /// An added token as tokenizer.json and tokenizer_config.json write it.
  init(_ fields: JSONFields, id: Int32) throws(TokenizerError) {
    let content = try fields.required("content", "a string") { (fields, key) throws(TokenizerError) in
      try fields.string(key)
    }
    let isSpecial = try fields.bool("special") ?? false
    if try fields.bool("single_word") ?? false {
      throw fields.unsupported("single_word of \(quoted(content))")
    }
    if try fields.bool("normalized") ?? !isSpecial {
      throw fields.unsupported("normalized of the added token \(quoted(content))")
    }
    self.init(
      content, id: id, isSpecial: isSpecial, stripsLeft: try fields.bool("lstrip") ?? false,
      stripsRight: try fields.bool("rstrip") ?? false)
  }
}
