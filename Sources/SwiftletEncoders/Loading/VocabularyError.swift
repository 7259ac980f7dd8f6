// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
import SwiftletTokenizers

/// Thrown when the vocabulary has more tokens than the model has embeddings.
package struct VocabularyError: SwiftletError, Equatable {
  /// The model folder.
  package let path: String?
  /// The number of tokens that need an embedding.
  package let tokenCount: Int
  /// The number of rows of the embedding table, `vocab_size` of config.json.
  package let embeddingCount: Int

  package var reason: String {
    "the vocabulary has \(tokenCount) tokens, but config.json's vocab_size is \(embeddingCount)"
  }

  package var remedy: String { "give the vocabulary that the model was trained with" }

  /// Throws if a token of the vocabulary, or a special token around texts, has no embedding. Returns warnings if an added
  /// token has none, or an embedding has no token.
  static func check(
    _ tokenizer: Tokenizer, embeddings: Int, folder: String
  ) throws(VocabularyError) -> [String] {
    let needed = max(tokenizer.modelTokenCount, Int(tokenizer.enclosingTokens.max() ?? 0) + 1)
    guard needed <= embeddings else {
      throw VocabularyError(path: folder, tokenCount: needed, embeddingCount: embeddings)
    }
    let place = escaped(folder)
    let without = tokenizer.addedTokens.filter { $0.id >= embeddings }
    if let first = without.first {
      let others = without.count > 1 ? " and \(without.count - 1) more" : ""
      return [
        "\(place): the added token \(quoted(first.content))\(others) has no embedding; a text with it is an error"
      ]
    }
    let rest = embeddings - tokenizer.vocabularySize
    return rest == 0 ? [] : ["\(place): \(rest) of \(embeddings) embeddings have no token in the vocabulary"]
  }
}
