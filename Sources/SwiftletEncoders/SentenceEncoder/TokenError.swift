// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// Thrown for a text whose tokens the model cannot embed.
package enum TokenError: SwiftletError, Equatable {
  /// An added token has no row of the embedding table.
  case noEmbedding(token: String, id: Int32, embeddings: Int, folder: String)
  /// The text is empty, and the tokenizer adds no special token.
  case noTokens(folder: String)
  /// A text has more tokens than the model takes, and none may be cut off. Texts count from 0.
  case tooMany(Int, input: Int, limit: Int)
  /// An id is not one of the model's.
  case unknownID(Int32, input: Int, limit: Int)
  /// A token's type is not one of the model's.
  case unknownType(Int32, input: Int, limit: Int)

  package var path: String? {
    switch self {
    case .noEmbedding(_, _, _, let folder), .noTokens(let folder): folder
    case .tooMany, .unknownID, .unknownType: nil
    }
  }

  package var reason: String {
    switch self {
    case .noEmbedding(let token, let id, let embeddings, _):
      "a text has the added token \(quoted(token)) with the id \(id), but the model has \(embeddings) embeddings"
    case .noTokens: "a text has no tokens, and the tokenizer adds none"
    case .tooMany(let count, let input, let limit): "text \(input) has \(count) tokens, at most \(limit) are possible"
    case .unknownID(let id, let input, let limit):
      "text \(input) has the token id \(id); this model has the ids 0 to \(limit - 1)"
    case .unknownType(let type, let input, let limit):
      "text \(input) has a token of type \(type); this model has \(limit == 1 ? "only type 0" : "the types 0 to \(limit - 1)")"
    }
  }

  package var remedy: String {
    switch self {
    case .noEmbedding: "leave the token out of texts, or give a model that was trained with it"
    case .noTokens: "leave empty texts out"
    case .tooMany: "shorten it, or allow that it is cut"
    case .unknownID, .unknownType: "give the tokens of this model's tokenizer"
    }
  }
}
