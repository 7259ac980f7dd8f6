// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

@Suite struct EmbeddingCacheTests {
  private let encoder: SentenceEncoder
  private let queue = RequestQueue()

  init() throws { encoder = try SentenceEncoder(folder: fixture("prompt-not-pooled/model")) }

  private func bits(_ vectors: Embeddings) -> [UInt32] { vectors.tensor.values.map(\.bitPattern) }

  @Test func foundVectorsHaveTheBitsOfComputedOnes() async throws {
    let cache = EmbeddingCache(byteLimit: 1 << 20)
    let long = String(repeating: "many words ", count: 500)
    let texts = ["one", "two", "one", long, "", long]
    let expected = try await encoder.encode(texts)
    for call in 0..<3 {
      let vectors = try await queue.encode(texts, with: encoder, cache: cache)
      #expect(bits(vectors) == bits(expected))
      #expect(vectors.truncated == expected.truncated && expected.truncated == [3, 5])
      #expect(cache.status.misses == 6)
      #expect(cache.status.hits == call * 6)
      #expect(cache.status.count == 4)
    }
  }

  @Test func withoutAQueueTheSame() throws {
    let cache = EmbeddingCache(byteLimit: 1 << 20)
    let long = String(repeating: "many words ", count: 500)
    let texts = ["one", "two", "one", long, "", long]
    let expected = try encoder.encode(texts)
    for call in 0..<3 {
      let vectors = try encoder.encode(texts, cache: cache)
      #expect(bits(vectors) == bits(expected) && vectors.truncated == [3, 5])
      #expect(cache.status.misses == 6 && cache.status.hits == call * 6 && cache.status.computed == 4)
    }
    #expect(try encoder.encode([], cache: cache).isEmpty)
  }

  /// Types are kept only if a token has another than 0, as none of a single text has.
  @Test func aTokenTakesFourBytes() throws {
    func sizes(_ text: String) throws -> (bytes: Int, tokens: Int) {
      let cache = EmbeddingCache(byteLimit: 1 << 20)
      _ = try encoder.encode([text], cache: cache)
      return (cache.status.byteCount, try encoder.tokenizer.encode(text).ids.count)
    }
    let short = try sizes("one"), long = try sizes("one two three")
    #expect(long.tokens > short.tokens && long.bytes - short.bytes == 4 * (long.tokens - short.tokens))
  }

  /// The encoder, its settings, the prompt and the tokens of a text each make a difference.
  @Test func whatDiffersIsNotFound() async throws {
    let cache = EmbeddingCache(byteLimit: 1 << 20)
    let prompt = try #require(encoder.prompts.first { !$0.value.isEmpty }?.key)
    let again = try SentenceEncoder(folder: fixture("prompt-not-pooled/model"))
    let cut = try encoder.with(truncateDimension: 3), raw = try encoder.with(normalize: !encoder.normalizes)
    let calls = [
      (encoder, "one", ""), (encoder, "one two", ""), (encoder, "one", prompt), (again, "one", ""), (cut, "one", ""),
      (raw, "one", ""),
    ]
    for (encoder, text, name) in calls {
      let vectors = try await queue.encode([text], with: encoder, prompt: name, cache: cache)
      #expect(bits(vectors) == bits(try await encoder.encode([text], prompt: name)))
    }
    #expect(cache.status.hits == 0 && cache.status.count == 6)
    // The prompt's tokens are pooled if they are the text's.
    let spelled = try #require(encoder.prompts[prompt]) + "one"
    let vectors = try await queue.encode([spelled], with: encoder, prompt: "", cache: cache)
    #expect(bits(vectors) == bits(try await encoder.encode([spelled], prompt: "")))
    #expect(cache.status.hits == 0)
  }

  @Test func scoresOfPairs() async throws {
    let cache = EmbeddingCache(byteLimit: 1 << 20)
    let scorer = try CrossEncoder(folder: fixture("cross-encoders/bert"))
    let tokens = try await scorer.tokens(of: [("a b", "c"), ("a", "b c"), ("a b", "c")])
    for asLogits in [false, true, false] {
      let request = try scorer.request(for: tokens, asLogits: asLogits)
      let scores = try await queue.result(of: request, cache: cache).output
      #expect(scores.tensor.values == (try await queue.result(of: request).output.tensor.values))
    }
    #expect(cache.status.misses == 6 && cache.status.hits == 3 && cache.status.count == 4)
    // The hidden states of tokens are not kept.
    let states = try await encoder.tokenVectorRequest(for: encoder.tokens(of: ["x"]))
    #expect(try await queue.result(of: states, cache: cache).output.count == 1)
    #expect(cache.status.count == 4)
  }

  /// The least recently used ones go.
  @Test func bytesAreBounded() async throws {
    let cache = EmbeddingCache(byteLimit: 10_000)
    for text in 0..<200 {
      _ = try await queue.encode(["text \(text)", "always"], with: encoder, cache: cache)
      #expect(cache.status.byteCount <= 10_000)
    }
    #expect(cache.status.hits == 199)
    #expect(cache.status.count > 10 && cache.status.count < 40)
    _ = try await queue.encode(["text 199", "text 0"], with: encoder, cache: cache)
    #expect(cache.status.hits == 200)
    let none = EmbeddingCache(byteLimit: 0)
    #expect(try await queue.encode(["x"], with: encoder, cache: none).count == 1)
    #expect(none.status.count == 0)
  }
}
