// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Swiftlet
import SwiftletFiles

/// The API of text-embeddings-inference, version 1.9.
extension Routes {
  var tei: [Route] {
    [
      post("/embed", answer: embed), post("/embed_all", answer: embedAll), post("/similarity", answer: similarity),
      post("/predict", answer: predict), post("/tokenize", answer: tokenize), post("/decode", answer: decode),
      // huggingface_hub's client asks here, and says by the shape of `inputs` what it wants.
      post("/") { call in
        call.body.object["inputs"]?.object == nil ? try await embed(call) : try await similarity(call)
      },
      get("/info") { _, _ in info },
    ]
  }

  private func tokenOptions(_ body: RequestBody) throws(ServerError) -> EmbeddingService.TokenOptions {
    EmbeddingService.TokenOptions(prompt: try body.string("prompt_name"), truncation: try body.truncation())
  }

  /// A string, ids, or an array of these.
  private func inputs(_ body: RequestBody) throws -> [EmbeddingService.Input] {
    func input(_ value: JSONValue) -> EmbeddingService.Input? {
      if let text = value.string { return .text(text) }
      return value.ids.flatMap { $0.isEmpty ? nil : .ids($0) }
    }
    let value = try body.value("inputs", "a string, token ids, or an array of these") {
      value -> [EmbeddingService.Input]? in
      if let single = input(value) { return [single] }
      return value.elements(input)
    }
    return try body.required("inputs", value)
  }

  private func embed(_ call: Call) async throws -> Response {
    let body = call.body, inputs = try inputs(body), options = try tokenOptions(body)
    call.context.work.begin(inputs: inputs.count)
    let encoder = try service.encoder(
      normalize: try body.bool("normalize") ?? true, dimensions: try body.integer("dimensions", from: 1))
    let encoding = try body.vectorEncoding()
    let tokens = try await service.tokens(inputs, options, parameter: "inputs")
    let result = try await service.vectors(tokens, encoder, encoding, call.share)
    let vectors = EncodedVectors(result.value, encoding), indices = result.value.indices
    return try await call.response(result.work, byteCount: vectors.byteCount) { bytes in
      bytes.appendArray(of: indices) { vectors.append($1, to: &$0) }
    }
  }

  private func embedAll(_ call: Call) async throws -> Response {
    let inputs = try inputs(call.body), options = try tokenOptions(call.body)
    call.context.work.begin(inputs: inputs.count)
    let tokens = try await service.tokens(inputs, options, parameter: "inputs")
    let request = try service.encoder.tokenVectorRequest(for: tokens.value)
    let hidden = service.encoder.configuration.hiddenSize
    let size = tokens.value.ids.count * VectorEncoding.float.byteCount(dimension: hidden)
    let result = try await service.result(of: request, after: tokens, responseBytes: size, call.share)
    for states in result.value { try service.checkFinite(states, "vector") }
    return try await call.response(result.work, byteCount: size) { bytes in
      bytes.appendArray(of: result.value) { bytes, states in
        let values = states.values
        bytes.appendArray(of: 0..<states.shape[0]) { $0.appendJSON(values[$1 * hidden..<($1 + 1) * hidden]) }
      }
    }
  }

  private func similarity(_ call: Call) async throws -> Response {
    let object = try call.body.required("inputs", call.body.value("inputs", "an object") { $0.object })
    let inputs = RequestBody(object: object)
    let source = try inputs.required("source_sentence", inputs.string("source_sentence"))
    let sentences = try inputs.required("sentences", inputs.strings("sentences"))
    let parameters = try call.body.value("parameters", "an object") { $0.object }
    let options = try tokenOptions(RequestBody(object: parameters ?? JSONObject()))
    try service.check(count: sentences.count, empty: [], parameter: "inputs.sentences")
    let texts = ([source] + sentences).map { EmbeddingService.Input.text($0) }
    call.context.work.begin(inputs: texts.count)
    let tokens = try await service.tokens(texts, options, parameter: "inputs")
    let result = try await service.vectors(tokens, service.encoder, .float, call.share)
    let cosines = sentences.indices.map { result.value.cosineSimilarity(0, $0 + 1) }
    var bytes: [UInt8] = []
    bytes.appendJSON(cosines)
    return call.response(bytes, result.work)
  }

  private func predict(_ call: Call) async throws -> Response {
    let reranker = try crossEncoder(.tei), body = call.body
    // A list of two strings is a pair, not two texts.
    func pair(_ value: JSONValue) -> (String, String)? {
      guard let texts = value.strings, texts.count == 2 else { return nil }
      return (texts[0], texts[1])
    }
    let inputs = try body.required(
      "inputs",
      body.value("inputs", "a pair of texts, or an array of pairs") {
        value -> (pairs: [(String, String)], isOne: Bool)? in
        if let single = pair(value) { return ([single], true) }
        return value.elements(pair).map { ($0, false) }
      })
    let scores = try await score(
      inputs.pairs, reranker, body.truncation(), asLogits: try body.bool("raw_scores") ?? false, parameter: "inputs",
      call)
    let labels = reranker.encoder.labels
    var bytes: [UInt8] = []
    func append(_ index: Int, to bytes: inout [UInt8]) {
      let ranked = zip(scores.value[index], labels).sorted { $0.0 > $1.0 }
      bytes.appendArray(of: ranked) { bytes, score in
        bytes += "{\"score\":\(score.0),\"label\":".utf8
        JSONWriter.append(score.1, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
      }
    }
    if inputs.isOne {
      append(0, to: &bytes)
    } else {
      bytes.appendArray(of: inputs.pairs.indices) { append($1, to: &$0) }
    }
    return call.response(bytes, scores.work)
  }

  private func tokenize(_ call: Call) async throws -> Response {
    let body = call.body
    let single = try body.value("inputs", "a string or an array of strings") { value -> [String]? in
      if let text = value.string { return [text] }
      return value.strings
    }
    let texts = try body.required("inputs", single)
    try service.check(count: texts.count, empty: [], parameter: "inputs")
    let prompt = try service.prompt(named: body.string("prompt_name"))
    let options = EncodingOptions(addsSpecialTokens: try body.bool("add_special_tokens") ?? true)
    let start = ContinuousClock.now, size = texts.reduce(0) { $0 + prompt.utf8.count + $1.utf8.count }
    // A token takes some hundred bytes here.
    try call.share.take(size * 100)
    let (bytes, tokenCount) = try await runApart(byteCount: size) {
      try tokensAsJSON(texts, prompt: prompt, options)
    }
    var work = RequestWork(
      model: service.modelName, inputCount: texts.count, tokenCount: tokenCount,
      characterCount: texts.reduce(0) { $0 + $1.unicodeScalars.count })
    work.tokenization = .now - start
    return call.response(bytes, work)
  }

  /// The tokens of each text with their places in its UTF-8, and how many they are.
  private func tokensAsJSON(
    _ texts: [String], prompt: String, _ options: EncodingOptions
  ) throws -> (bytes: [UInt8], tokenCount: Int) {
    var bytes: [UInt8] = [], tokenCount = 0
    try bytes.appendArray(of: texts) { bytes, text in
      let whole = prompt + text, utf8 = Array(whole.utf8)
      let encoding = try service.encoder.tokenizer.encode(whole, options: options)
      tokenCount += encoding.ids.count
      bytes.appendArray(of: encoding.ids.indices) { bytes, index in
        let isSpecial = encoding.textIndices[index] == nil, range = encoding.utf8Ranges[index]
        bytes += "{\"id\":\(encoding.ids[index]),\"text\":".utf8
        JSONWriter.append(
          isSpecial ? encoding.tokens[index] : String(decoding: utf8[range], as: UTF8.self), to: &bytes)
        let place = isSpecial ? ("null", "null") : ("\(range.lowerBound)", "\(range.upperBound)")
        bytes += ",\"special\":\(isSpecial),\"start\":\(place.0),\"stop\":\(place.1)}".utf8
      }
      guard bytes.count <= service.settings.maximumResponseBytes else {
        throw ServerError(.invalid, "the answer would be too large; send fewer texts at a time")
      }
    }
    return (bytes, tokenCount)
  }

  private func decode(_ call: Call) async throws -> Response {
    let lists = try call.body.value("ids", "an array of ids, or of such arrays") { value -> [[Int32]]? in
      if let single = value.ids, !single.isEmpty { return [single] }
      return value.elements(\.ids)
    }
    let skips = try call.body.bool("skip_special_tokens") ?? true
    let ids = try call.body.required("ids", lists)
    try service.check(count: ids.count, empty: [], parameter: "ids")
    let tokenizer = service.encoder.tokenizer
    return try await runApart(byteCount: ids.reduce(0) { $0 + $1.count } * 4) {
      Response(json: .array(try ids.map { .string(try tokenizer.decode($0, skipsSpecialTokens: skips)) }))
    }
  }

  private var info: Response {
    let encoder = service.encoder, settings = service.settings
    let pooling = encoder.pooling.map(\.rawValue).joined(separator: "+")
    return Response(json: [
      "model_id": .string(service.modelName), "model_sha": .null,
      "model_dtype": .string(service.precision.rawValue), "served_model_name": .string(service.modelName),
      "model_type": ["embedding": ["pooling": .string(pooling)]],
      "max_concurrent_requests": .number(JSONNumber(settings.maximumConnections)),
      "max_input_length": .number(JSONNumber(encoder.maxLength)),
      "max_batch_tokens": .number(JSONNumber(settings.maximumQueuedTokens)), "max_batch_requests": .null,
      "max_client_batch_size": .number(JSONNumber(settings.maximumInputs)), "auto_truncate": .bool(true),
      "tokenization_workers": .number(JSONNumber(1)), "version": .string(swiftletVersion), "sha": .null,
      "docker_label": .null,
      // What text-embeddings-inference does not tell:
      "dimensions": .number(JSONNumber(encoder.dimension)), "normalizes": .bool(encoder.normalizes),
      "prompts": .object(
        encoder.prompts.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { $0[$1.key] = .string($1.value) }),
      "encoding_formats": .array(VectorEncoding.allCases.map { .string($0.rawValue) }),
      "int8_rule": .string("round(127 x) of an element x of a vector of length 1"),
      "rerank_score_rule": .string("after the activation function of the model's folder; with raw_scores before it"),
      "rerank_model_id": service.reranker.map { .string($0.name) } ?? .null,
      "index_documents": service.index.map { .number(JSONNumber($0.count)) } ?? .null,
    ])
  }
}
