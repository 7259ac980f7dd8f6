// SPDX-License-Identifier: Apache-2.0

package import SwiftletFiles
internal import SwiftletTokenizers

/// Thrown when the vocabulary has more tokens than the model has embeddings.
package struct VocabularyError: SwiftletError, Equatable {
  /// The model folder.
  package let path: String?
  /// The number of tokens in the vocabulary.
  package let tokenCount: Int
  /// The number of rows of the embedding table, `vocab_size` of config.json.
  package let embeddingCount: Int

  package var reason: String {
    "the vocabulary has \(tokenCount) tokens, but config.json's vocab_size is \(embeddingCount)"
  }

  package var remedy: String { "give the vocabulary that the model was trained with" }

  /// Throws if a token has no embedding; returns a warning if an embedding has no token.
  static func check(
    _ tokenizer: Tokenizer, embeddings: Int, folder: String
  ) throws(VocabularyError) -> [String] {
    let tokens = tokenizer.vocabularySize
    guard tokens <= embeddings else {
      throw VocabularyError(path: folder, tokenCount: tokens, embeddingCount: embeddings)
    }
    guard tokens < embeddings else { return [] }
    return ["\(escaped(folder)): \(embeddings - tokens) of \(embeddings) embeddings have no token in the vocabulary"]
  }
}
