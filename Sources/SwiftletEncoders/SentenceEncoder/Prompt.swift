// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers

/// A prompt that is put before each text, and whether pooling includes its tokens.
struct Prompt: Sendable {
  private let prefix: String

  /// The number of leading tokens that pooling leaves out: [CLS] and the prompt's tokens, or 0.
  let skippedTokens: Int

  init(_ prefix: String, isPooled: Bool, tokenizer: Tokenizer, maxLength: Int) throws {
    self.prefix = prefix
    guard !isPooled, !prefix.isEmpty else {
      skippedTokens = 0
      return
    }
    // All tokens but a special one at the end, as in sentence-transformers.
    let ids = try tokenizer.encode(prefix, options: EncodingOptions(maxLength: maxLength)).ids
    let endsWithSpecial = ids.last.map { tokenizer.isNamedSpecialToken($0) } ?? false
    skippedTokens = ids.count - (endsWithSpecial ? 1 : 0)
  }

  func text(before text: String) -> String {
    prefix.isEmpty ? text : prefix + text
  }
}
