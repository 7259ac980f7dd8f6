// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import SwiftletFiles

/// The models of a server, and how requests reach them: all through one queue.
struct EmbeddingService: Sendable {
  let encoder: SentenceEncoder
  let modelName: String
  let precision: Precision
  /// The cross-encoder, if there is one, and its name.
  let reranker: (encoder: CrossEncoder, name: String)?
  /// What /search searches, if there is anything.
  let index: VectorIndex?
  let settings: ServerSettings
  let metrics: ServerMetrics
  let queue: RequestQueue
  let cache: EmbeddingCache?
  let budget: BufferBudget

  init(
    encoder: SentenceEncoder, modelName: String, precision: Precision, reranker: (encoder: CrossEncoder, name: String)?,
    index: VectorIndex?, settings: ServerSettings, metrics: ServerMetrics
  ) {
    self.encoder = encoder
    self.modelName = modelName
    self.precision = precision
    self.reranker = reranker
    self.index = index
    self.settings = settings
    self.metrics = metrics
    let limits = RequestQueue.Limits(tokens: settings.maximumQueuedTokens, bytes: settings.maximumBufferedBytes)
    queue = RequestQueue(limits: limits) { round in
      metrics.note(round)
    }
    cache = settings.cacheBytes > 0 ? EmbeddingCache(byteLimit: settings.cacheBytes) : nil
    budget = BufferBudget(limit: settings.maximumBufferedBytes)
  }

  /// A text, or the ids of its tokens without special tokens.
  enum Input: Sendable {
    case text(String)
    case ids([Int32])
  }

  /// How texts become tokens.
  struct TokenOptions: Sendable {
    var prompt: String?
    var truncation = TextTruncation.atEnd
  }

  /// A result and what it took.
  struct Outcome<Value: Sendable>: Sendable {
    let value: Value
    let work: RequestWork
  }

  // MARK: Tokens

  /// Checks the number of texts, and that none is empty.
  func check(count: Int, empty: [Int], parameter: String) throws(ServerError) {
    guard count > 0 else { throw ServerError(.empty, "`\(parameter)` cannot be empty", parameter: parameter) }
    guard count <= settings.maximumInputs else {
      throw ServerError(
        .invalid, "batch size \(count) > maximum allowed batch size \(settings.maximumInputs)", parameter: parameter)
    }
    guard !empty.isEmpty, !settings.allowsEmptyTexts else { return }
    let places = empty.prefix(10).map { "\($0)" }.joined(separator: ", ")
    throw ServerError(
      .empty, "`\(parameter)` cannot be empty: text \(places)\(empty.count > 10 ? " and others" : "")",
      parameter: parameter)
  }

  /// The tokens of texts.
  func tokens(
    _ inputs: [Input], _ options: TokenOptions, parameter: String
  ) async throws -> Outcome<TokenBatch> {
    let empty = inputs.indices.filter { index in
      switch inputs[index] {
      case .text(let text): text.isEmpty
      case .ids(let ids): ids.isEmpty
      }
    }
    try check(count: inputs.count, empty: empty, parameter: parameter)
    _ = try prompt(named: options.prompt)
    let texts = try inputs.enumerated().map { try text(of: $1, at: $0, parameter: parameter) }
    let characters = texts.reduce(0) { $0 + $1.unicodeScalars.count }
    return try await timed(count: texts.count, characters: characters, model: modelName) {
      try await encoder.tokens(of: texts, prompt: options.prompt, truncation: options.truncation)
    }
  }

  /// The text of a prompt; nil: of the model's default prompt, if any.
  func prompt(named name: String?) throws(ServerError) -> String {
    guard let name = name ?? encoder.defaultPromptName, !name.isEmpty else { return "" }
    if let text = encoder.prompts[name] { return text }
    let known = encoder.prompts.keys.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
    throw ServerError(
      .invalid, "no prompt has this name; the model has \(known.isEmpty ? "none" : known)", parameter: "prompt_name")
  }

  /// Ids are decoded first, as text-embeddings-inference does, so that prompts and truncation apply to them.
  private func text(of input: Input, at index: Int, parameter: String) throws -> String {
    switch input {
    case .text(let text): return text
    case .ids(let ids):
      let limit = encoder.configuration.vocabularySize
      if let id = ids.first(where: { !(0..<Int32(limit)).contains($0) }) {
        throw ServerError(
          .invalid, "text \(index) has the token id \(id); this model has the ids 0 to \(limit - 1)",
          parameter: parameter)
      }
      return try encoder.tokenizer.decode(ids, skipsSpecialTokens: true)
    }
  }

  /// The tokens of a query's pairs with documents.
  func tokens(
    pairs: [(String, String)], _ truncation: TextTruncation, _ encoder: CrossEncoder
  ) async throws -> Outcome<TokenBatch> {
    let characters = pairs.reduce(0) { $0 + $1.0.unicodeScalars.count + $1.1.unicodeScalars.count }
    return try await timed(count: pairs.count, characters: characters, model: reranker?.name ?? "") {
      try await encoder.tokens(of: pairs, truncation: truncation)
    }
  }

  private func timed(
    count: Int, characters: Int, model: String, _ tokens: () async throws -> TokenBatch
  ) async throws -> Outcome<TokenBatch> {
    let start = ContinuousClock.now
    let batch = try await tokens()
    var work = RequestWork(
      model: model, inputCount: count, tokenCount: batch.ids.count, characterCount: characters)
    work.truncatedCount = batch.truncated.count { $0 }
    work.tokenization = .now - start
    metrics.note(lengths: (0..<batch.sequenceCount).map { batch.tokenRange(of: $0).count })
    return Outcome(value: batch, work: work)
  }

  // MARK: Results

  /// The encoder of vectors with these settings.
  func encoder(normalize: Bool?, dimensions: Int?) throws -> SentenceEncoder {
    guard let dimensions else { return normalize == nil ? encoder : try encoder.with(normalize: normalize) }
    guard dimensions <= encoder.dimension else {
      throw ServerError(
        .invalid, "`dimensions` is \(dimensions); this model's vectors have \(encoder.dimension)",
        parameter: "dimensions")
    }
    return try encoder.with(normalize: normalize, truncateDimension: dimensions)
  }

  /// Computes a request whose answer takes about `responseBytes`, which are taken from the budget until it is sent.
  func result<Output>(
    of request: ModelRequest<Output>, after tokens: Outcome<TokenBatch>, responseBytes: Int, _ share: BufferBudget.Share
  ) async throws -> Outcome<Output> {
    guard responseBytes <= settings.maximumResponseBytes else {
      throw ServerError(
        .invalid,
        "the answer would have about \(responseBytes) bytes, at most \(settings.maximumResponseBytes) are possible; "
          + "send fewer texts at a time")
    }
    try share.take(responseBytes + request.resultByteCount)
    let deadline = settings.queueTimeout.map { ContinuousClock.now + $0 }
    let completion = try await queue.result(of: request, deadline: deadline, cache: cache)
    var work = tokens.work
    work.queueing = completion.waited
    work.inference = completion.computed
    return Outcome(value: completion.output, work: work)
  }

  /// Vectors with numbers only.
  func vectors(
    _ tokens: Outcome<TokenBatch>, _ encoder: SentenceEncoder, _ encoding: VectorEncoding, _ share: BufferBudget.Share
  ) async throws -> Outcome<Embeddings> {
    let bytes = tokens.value.sequenceCount * encoding.byteCount(dimension: encoder.dimension)
    let result = try await result(
      of: encoder.request(for: tokens.value), after: tokens, responseBytes: bytes, share)
    try checkFinite(result.value.tensor, "vector")
    return result
  }

  /// JSON has no number for what is not finite.
  func checkFinite(_ tensor: Tensor, _ name: String) throws(ServerError) {
    let isFinite = tensor.withSpan { numbers in
      for index in numbers.indices where !numbers[index].isFinite { return false }
      return true
    }
    guard isFinite else { throw ServerError(.failed, "a \(name) has an element that is not a finite number") }
  }
}

/// What a request took, for its answer's headers and the metrics.
struct RequestWork: Sendable {
  /// The name of the model.
  let model: String
  var inputCount: Int
  var tokenCount: Int
  var characterCount: Int
  var truncatedCount = 0
  var tokenization = Duration.zero
  var queueing = Duration.zero
  var inference = Duration.zero
}
