// SPDX-License-Identifier: Apache-2.0

import SwiftletTokenizers

/// A prompt that is put before each text, and whether pooling includes its tokens.
struct Prompt: Sendable {
  private let prefix: String

  /// The number of leading tokens that pooling leaves out: [CLS] and the prompt's tokens, or 0.
  let skippedTokens: Int

  init(_ prefix: String, isPooled: Bool, tokenizer: Tokenizer) throws {
    self.prefix = prefix
    // All tokens but the final [SEP], as in sentence-transformers.
    skippedTokens = isPooled || prefix.isEmpty ? 0 : try tokenizer.encode(prefix).count - 1
  }

  func text(before text: String) -> String {
    prefix.isEmpty ? text : prefix + text
  }
}
