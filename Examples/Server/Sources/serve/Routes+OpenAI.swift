// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Swiftlet
import SwiftletFiles

/// The part of OpenAI's API that concerns vectors.
extension Routes {
  var openAI: [Route] {
    [
      post("/v1/embeddings", .openAI, answer: embeddings), post("/embeddings", .openAI, answer: embeddings),
      get("/v1/models", .openAI) { _, _ in Response(json: ["object": .string("list"), "data": .array([model])]) },
      // A name may have slashes.
      get("/v1/models/**", .openAI) { _, context in
        guard context.parameters.getCatchAll().joined(separator: "/") == service.modelName else {
          throw ServerError(.noSuchModel, "no such model; this server has \"\(service.modelName)\"", parameter: "model")
        }
        return Response(json: model)
      },
    ]
  }

  private var model: JSONValue {
    [
      "id": .string(service.modelName), "object": .string("model"), "created": .number(JSONNumber(startTime)),
      "owned_by": .string("swiftlet"),
    ]
  }

  private func embeddings(_ call: Call) async throws -> Response {
    enum InputType: String, CaseIterable {
      case query, document
    }
    let body = call.body, settings = service.settings
    let model = try body.string("model")
    if settings.isStrictAboutModel, model != service.modelName {
      throw ServerError(.noSuchModel, "no such model; this server has \"\(service.modelName)\"", parameter: "model")
    }
    let inputs = try inputs(body)
    call.context.work.begin(inputs: inputs.count)
    let encoding = try body.vectorEncoding()
    var options = EmbeddingService.TokenOptions(prompt: try body.string("prompt_name"))
    if let type = try body.choice("input_type", InputType.self), options.prompt == nil {
      options.prompt = service.encoder.prompts[type.rawValue] == nil ? nil : type.rawValue
    }
    if try body.bool("truncate") == false { options.truncation = .refused }
    let encoder = try service.encoder(
      normalize: try body.bool("normalize") ?? true, dimensions: try body.integer("dimensions", from: 1))
    let tokens = try await service.tokens(inputs, options, parameter: "input")
    let result = try await service.vectors(tokens, encoder, encoding, call.share)
    let vectors = EncodedVectors(result.value, encoding), truncated = Set(result.value.truncated)
    let indices = result.value.indices, work = result.work
    return try await call.response(work, byteCount: vectors.byteCount) { bytes in
      bytes += "{\"object\":\"list\",\"data\":".utf8
      bytes.appendArray(of: indices) { bytes, index in
        bytes += "{\"object\":\"embedding\",\"index\":\(index),".utf8
        if truncated.contains(index) { bytes += "\"truncated\":true,".utf8 }
        bytes += "\"embedding\":".utf8
        vectors.append(index, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
      }
      bytes += ",\"model\":".utf8
      JSONWriter.append(service.modelName, to: &bytes)
      bytes += ",\"usage\":{\"prompt_tokens\":\(work.tokenCount),\"total_tokens\":\(work.tokenCount)}}".utf8
    }
  }

  /// A string or strings; ids only if the server accepts them, since clients that send them mean those of another model.
  private func inputs(_ body: RequestBody) throws -> [EmbeddingService.Input] {
    let inputs = try body.value("input", "a string or an array of strings") { value -> [EmbeddingService.Input]? in
      if let text = value.string { return [.text(text)] }
      if let texts = value.strings { return texts.map { .text($0) } }
      return (value.ids.map { [$0] } ?? value.elements(\.ids))?.map { .ids($0) }
    }
    let all = try body.required("input", inputs)
    guard case .ids? = all.first else { return all }
    guard service.settings.acceptsTokenIDs else {
      throw ServerError(
        .invalid,
        "`input` has token ids, and those of another tokenizer would give vectors without meaning: send texts "
          + "(in LangChain's OpenAIEmbeddings: check_embedding_ctx_length=False), or start the server with "
          + "--accept-token-ids", parameter: "input")
    }
    service.metrics.noteTokenIDs(inputs: all.count)
    return all
  }
}
