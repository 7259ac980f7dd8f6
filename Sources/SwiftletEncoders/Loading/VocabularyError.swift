// SPDX-License-Identifier: Apache-2.0

internal import SwiftletFiles
internal import SwiftletTokenizers

/// A vocabulary with more tokens than the model has embeddings.
public struct VocabularyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The model folder.
  public let folder: String
  /// The tokens of the vocabulary.
  public let tokenCount: Int
  /// The rows of the embedding table, `vocab_size` of config.json.
  public let embeddingCount: Int

  /// One line: the folder, both numbers, what to do.
  public var description: String {
    "\(escaped(folder)): the vocabulary has \(tokenCount) tokens, but config.json's vocab_size is \(embeddingCount); "
      + "give the vocabulary that the model was trained with"
  }

  /// Throws if a token has no embedding; returns a warning if an embedding has no token.
  static func check(
    _ tokenizer: Tokenizer, embeddings: Int, folder: String
  ) throws(VocabularyError) -> [String] {
    let tokens = tokenizer.vocabularySize
    guard tokens <= embeddings else {
      throw VocabularyError(folder: folder, tokenCount: tokens, embeddingCount: embeddings)
    }
    guard tokens < embeddings else { return [] }
    return ["\(escaped(folder)): \(embeddings - tokens) of \(embeddings) embeddings have no token in the vocabulary"]
  }
}
