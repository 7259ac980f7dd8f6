// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Swiftlet
import SwiftletFiles

/// Search in the index that the server was started with. No other server has this path; errors have the shape of
/// text-embeddings-inference's.
extension Routes {
  var search: [Route] {
    [
      post("/search") { call in
        guard let index = service.index else {
          throw ServerError(.wrongModel, "there is no index; start the server with --index")
        }
        return try await search(index, call)
      }
    ]
  }

  private func search(_ index: VectorIndex, _ call: Call) async throws -> Response {
    let body = call.body
    let limit = try body.integer("top_k", from: 1) ?? 10
    guard limit <= service.settings.maximumInputs else {
      throw ServerError(
        .invalid, "`top_k` is \(limit), at most \(service.settings.maximumInputs) are possible", parameter: "top_k")
    }
    let filter = try filter(body)
    let vector = try body.value("vector", "an array of numbers") { value in
      value.elements { $0.double.map { Float($0) } }
    }
    let query = try body.string("query")
    guard (vector == nil) != (query == nil) else {
      throw ServerError(.invalid, "either `query` or `vector` is needed", parameter: "query")
    }
    var work = RequestWork(model: service.modelName, inputCount: 1, tokenCount: 0, characterCount: 0)
    let tensor: Tensor
    if let query {
      guard index.description.model != nil else {
        throw ServerError(.invalid, "the index holds vectors from elsewhere; give a `vector`", parameter: "query")
      }
      call.context.work.begin(inputs: 1)
      let options = EmbeddingService.TokenOptions(
        prompt: try body.string("prompt_name"), truncation: try body.truncation())
      let tokens = try await service.tokens([.text(query)], options, parameter: "query")
      let vectors = try await service.vectors(tokens, service.encoder, .float, call.share)
      tensor = vectors.value.tensor
      work = vectors.work
    } else {
      tensor = Tensor(vector ?? [], shape: [1, vector?.count ?? 0])
    }
    let hits = try await found(tensor, limit, filter, in: index)
    var bytes: [UInt8] = []
    bytes.appendArray(of: hits) { bytes, hit in
      bytes += "{\"id\":".utf8
      JSONWriter.append(hit.document.id, to: &bytes)
      bytes += ",\"position\":\(hit.position),\"score\":\(hit.score),\"text\":".utf8
      JSONWriter.append(hit.passage, to: &bytes)
      bytes += ",\"metadata\":".utf8
      JSONWriter.append(.object(hit.document.metadata), to: &bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    // Texts and metadata are of any length, so the answer's is known only now.
    guard bytes.count <= service.settings.maximumResponseBytes else {
      throw ServerError(.invalid, "the answer would have \(bytes.count) bytes; ask for fewer documents")
    }
    try call.share.take(bytes.count)
    return call.response(bytes, work)
  }

  /// What is wrong with the query is the client's error; what is wrong with the index is the server's.
  private func found(
    _ query: Tensor, _ limit: Int, _ filter: SearchFilter?, in index: VectorIndex
  ) async throws -> SearchResults {
    do {
      return try await index.search(query, limit: limit, where: filter)[0]
    } catch let error as any SwiftletError where error.path != nil {
      throw ServerError(.failed, "the index cannot be read")
    }
  }

  private func filter(_ body: RequestBody) throws -> SearchFilter? {
    guard let text = try body.string("filter") else { return nil }
    do {
      return try SearchFilter(text)
    } catch let error as FilterError {
      throw ServerError(.invalid, "`filter`: \(error.reason)", parameter: "filter")
    }
  }
}
