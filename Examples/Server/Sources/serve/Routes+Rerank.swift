// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Swiftlet
import SwiftletFiles

/// Reranking, in the shapes of text-embeddings-inference (`texts`) and of Cohere and Jina (`documents`).
extension Routes {
  var rerank: [Route] {
    [
      post("/rerank", .rerank) { call in
        switch (call.body.has("texts"), call.body.has("documents")) {
        case (false, true): try await rerank(documentsOf: call)
        case (true, false): try await rerank(textsOf: call)
        default: throw ServerError(.invalid, "either `texts` or `documents` is needed", parameter: "texts")
        }
      },
      post("/v1/rerank", .rerank, answer: rerank(documentsOf:)),
      post("/v2/rerank", .rerank, answer: rerank(documentsOf:)),
    ]
  }

  /// - Parameter dialect: whose shape the error has.
  func crossEncoder(_ dialect: Dialect) throws(ServerError) -> (encoder: CrossEncoder, name: String) {
    guard let reranker = service.reranker else {
      var error = ServerError(.wrongModel, "model is not a re-ranker model; start the server with --rerank-model")
      error.dialect = dialect
      throw error
    }
    return reranker
  }

  /// The scores of pairs.
  func score(
    _ pairs: [(String, String)], _ reranker: (encoder: CrossEncoder, name: String), _ truncation: TextTruncation,
    asLogits: Bool, parameter: String, _ call: Call
  ) async throws -> EmbeddingService.Outcome<PairScores> {
    call.context.work.begin(inputs: pairs.count)
    try service.check(count: pairs.count, empty: [], parameter: parameter)
    let tokens = try await service.tokens(pairs: pairs, truncation, reranker.encoder)
    let request = try reranker.encoder.request(for: tokens.value, asLogits: asLogits)
    let size = pairs.count * reranker.encoder.labels.count * 64
    let scores = try await service.result(of: request, after: tokens, responseBytes: size, call.share)
    try service.checkFinite(scores.value.tensor, "score")
    return scores
  }

  private func ranking(
    _ query: String, _ documents: [String], parameter: String, _ truncation: TextTruncation, asLogits: Bool, topN: Int?,
    _ call: Call
  ) async throws -> EmbeddingService.Outcome<[RankedDocument]> {
    let reranker = try crossEncoder(parameter == "texts" ? .tei : .rerank)
    guard reranker.encoder.labels.count == 1 else {
      throw ServerError(.wrongModel, "model is not a re-ranker model; it has \(reranker.encoder.labels.count) labels")
    }
    call.context.work.begin(inputs: documents.count)
    try service.check(
      count: documents.count, empty: documents.indices.filter { documents[$0].isEmpty }, parameter: parameter)
    let scores = try await score(
      documents.map { (query, $0) }, reranker, truncation, asLogits: asLogits, parameter: parameter, call)
    return EmbeddingService.Outcome(value: scores.value.ranking(topN), work: scores.work)
  }

  /// text-embeddings-inference's shape.
  private func rerank(textsOf call: Call) async throws -> Response {
    let body = call.body
    let texts = try body.required("texts", body.strings("texts"))
    let ranking = try await ranking(
      body.required("query", body.string("query")), texts, parameter: "texts", body.truncation(),
      asLogits: try body.bool("raw_scores") ?? false, topN: try body.integer("top_n", from: 1), call)
    let returnsText = try body.bool("return_text") ?? false
    var bytes: [UInt8] = []
    bytes.appendArray(of: ranking.value) { bytes, document in
      bytes += "{\"index\":\(document.index),".utf8
      if returnsText {
        bytes += "\"text\":".utf8
        JSONWriter.append(texts[document.index], to: &bytes)
        bytes.append(UInt8(ascii: ","))
      }
      bytes += "\"score\":\(document.score)}".utf8
    }
    return call.response(bytes, ranking.work)
  }

  /// Cohere's and Jina's shape: one object with the members of both.
  private func rerank(documentsOf call: Call) async throws -> Response {
    let body = call.body
    let wanted = "an array of strings, or of objects with `text`"
    let documents = try body.required(
      "documents",
      body.value("documents", wanted) { value -> [String]? in
        value.elements { $0.string ?? $0.object?["text"]?.string }
      })
    let ranking = try await ranking(
      body.required("query", body.string("query")), documents, parameter: "documents", .atEnd,
      asLogits: try body.bool("raw_scores") ?? false, topN: try body.integer("top_n", from: 1), call)
    let returnsDocuments = try body.bool("return_documents") ?? false
    var bytes = Array("{\"id\":".utf8)
    JSONWriter.append("rerank-" + call.context.requestID, to: &bytes)
    bytes += ",\"object\":\"rerank\",\"model\":".utf8
    JSONWriter.append(service.reranker?.name ?? "", to: &bytes)
    bytes += ",\"results\":".utf8
    bytes.appendArray(of: ranking.value) { bytes, document in
      bytes += "{\"index\":\(document.index),\"relevance_score\":\(document.score)".utf8
      if returnsDocuments {
        bytes += ",\"document\":{\"text\":".utf8
        JSONWriter.append(documents[document.index], to: &bytes)
        bytes.append(UInt8(ascii: "}"))
      }
      bytes.append(UInt8(ascii: "}"))
    }
    let tokens = ranking.work.tokenCount
    bytes += ",\"usage\":{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}".utf8
    bytes += ",\"meta\":{\"api_version\":{\"version\":\"2\"},\"billed_units\":{\"search_units\":1}}}".utf8
    return call.response(bytes, ranking.work)
  }
}
