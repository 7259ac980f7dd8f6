// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers

/// What is put before each text, and whether its tokens count when a text's vectors are pooled.
struct Prompt: Sendable {
  private let prefix: String

  /// [CLS] and the prompt's tokens, if pooling leaves them out.
  let skippedTokens: Int

  init(_ prefix: String, isPooled: Bool, tokenizer: Tokenizer) throws {
    self.prefix = prefix
    // All but the final [SEP], as sentence-transformers counts a prompt.
    skippedTokens = isPooled || prefix.isEmpty ? 0 : try tokenizer.encode(prefix).count - 1
  }

  func text(before text: String) -> String {
    prefix.isEmpty ? text : prefix + text
  }
}
