// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

/// Texts split into tokens first have the vectors and scores that they have otherwise, and encoders that share weights
/// those of encoders that were loaded.
@Suite struct PretokenizedTests {
  private let texts = ["one text", "", "another: " + String(repeating: "many words ", count: 300), "a third"]

  private func bits(_ tensor: Tensor) -> [UInt32] { tensor.values.map(\.bitPattern) }

  @Test(arguments: ["prompt-not-pooled", "gelu-mean-normalized", "modules", "xlm-roberta"])
  func tokensHaveTheVectorsOfTheirTexts(name: String) async throws {
    let encoder = try SentenceEncoder(folder: fixture("\(name)/model"))
    for prompt in [nil, ""] + encoder.prompts.keys.sorted() {
      let expected = try await encoder.encode(texts, prompt: prompt)
      let tokens = try await encoder.tokens(of: texts, prompt: prompt)
      let vectors = try await encoder.encode(tokens)
      #expect(bits(vectors.tensor) == bits(expected.tensor))
      #expect(vectors.truncated == expected.truncated && expected.truncated == [2])
    }
    await #expect(throws: (any Error).self) { try await encoder.tokens(of: texts, prompt: "no such prompt") }
  }

  /// Prompts that are left out of pooling can differ within a batch.
  @Test func promptsInOneBatch() throws {
    let encoder = try SentenceEncoder(folder: fixture("prompt-not-pooled/model"))
    let prompts = [""] + encoder.prompts.keys.sorted()
    let batches = try prompts.map { try encoder.tokens(of: ["a text", "x"], prompt: $0) }
    let expected = try prompts.flatMap { bits(try encoder.encode(["a text", "x"], prompt: $0).tensor) }
    #expect(Set(batches.flatMap(\.skippedTokens)).count > 1)
    #expect(bits(try encoder.encode(TokenBatch(joining: batches)).tensor) == expected)
  }

  @Test func tokensThatTheModelDoesNotHave() throws {
    let encoder = try SentenceEncoder(folder: fixture("gelu-mean-normalized/model"))
    let sizes = encoder.configuration
    func error(_ ids: [Int32], types: [Int32]? = nil) -> String {
      var tokens = TokenBatch()
      tokens.append(ids: [2, 3])
      tokens.append(ids: ids, typeIDs: types)
      do {
        _ = try encoder.encode(tokens)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(error([2, 5, 3]) == "")
    #expect(error([]).contains("no tokens"))
    #expect(error([-1]).contains("text 1 has the token id -1; this model has the ids 0 to \(sizes.vocabularySize - 1)"))
    #expect(error([Int32(sizes.vocabularySize)]).contains("text 1 has the token id"))
    #expect(error([2], types: [2]).contains("text 1 has a token of type 2"))
    let count = sizes.maxPositions + 1
    #expect(error(Array(repeating: 5, count: count)).contains("text 1 has \(count) tokens, at most \(count - 1)"))
  }

  /// The text's end has the vector of that end alone, and a refused text is named.
  @Test func truncation() throws {
    let encoder = try SentenceEncoder(folder: fixture("gelu-mean-normalized/model"))
    let words = ["the text"], long = [String(repeating: "before it ", count: 50) + "the text"]
    let room = try encoder.tokens(of: words, prompt: "").ids.count
    let short = try SentenceEncoder(
      folder: fixture("gelu-mean-normalized/model"), settings: EncoderSettings(maxLength: room))
    let cut = try short.tokens(of: long, prompt: "", truncation: .atStart)
    #expect(cut.truncated == [true])
    #expect(bits(try short.encode(cut).tensor) == bits(try short.encode(words, prompt: "").tensor))
    let error = #expect(throws: (any Error).self) {
      try short.tokens(of: words + long, prompt: "", truncation: .refused)
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("text 1 has"))
    #expect(try short.tokens(of: words, prompt: "", truncation: .refused).ids.count == room)
  }

  /// Many texts are split some at a time, with the same tokens and the same numbers in errors.
  @Test func asynchronousTokens() async throws {
    let encoder = try SentenceEncoder(folder: fixture("gelu-mean-normalized/model"))
    let many = (0..<200).map { "text \($0)" }
    let expected = try { try encoder.tokens(of: many) }()
    #expect(try await encoder.tokens(of: many) == expected)
    let error = await #expect(throws: (any Error).self) {
      try await encoder.tokens(of: many + [texts[2]], truncation: .refused)
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("text 200 has"))
    await #expect(throws: CancellationError.self) {
      try await Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await encoder.tokens(of: many)
      }.value
    }
  }

  @Test func tokensOfPairs() async throws {
    let encoder = try CrossEncoder(folder: fixture("cross-encoders/bert"))
    let pairs = [("a query", texts[2]), ("a query", texts[0]), ("", "")], queue = RequestQueue()
    for asLogits in [false, true] {
      let request = try await encoder.request(for: encoder.tokens(of: pairs), asLogits: asLogits)
      let scores = try await queue.result(of: request).output
      let expected = try await encoder.scores(of: pairs, asLogits: asLogits)
      #expect(bits(scores.tensor) == bits(expected.tensor))
      #expect(scores.truncated == expected.truncated && scores.truncated == [0])
    }
    await #expect(throws: (any Error).self) { try await encoder.tokens(of: pairs, truncation: .refused) }
  }

  @Test(arguments: ["gelu-mean-normalized", "odd-f64-few-positions", "modules"])
  func otherSettings(name: String) throws {
    let folder = fixture("\(name)/model"), encoder = try SentenceEncoder(folder: folder)
    for normalize in [nil, true, false] {
      for dimension in [nil, 1, 7, encoder.dimension] {
        let loaded = try SentenceEncoder(
          folder: folder, settings: EncoderSettings(normalize: normalize, truncateDimension: dimension))
        let shared = try encoder.with(normalize: normalize, truncateDimension: dimension)
        #expect(bits(try shared.encode(texts).tensor) == bits(try loaded.encode(texts).tensor))
        #expect(shared.dimension == loaded.dimension && shared.normalizes == loaded.normalizes)
        // Settings that were made with others start from the same vectors.
        let again = try shared.with(normalize: true, truncateDimension: 3).with(normalize: normalize)
        let expected = try encoder.with(normalize: normalize ?? true, truncateDimension: 3)
        #expect(bits(try again.encode(texts).tensor) == bits(try expected.encode(texts).tensor))
      }
    }
    for dimension in [0, encoder.dimension + 1] {
      #expect(throws: (any Error).self) { try encoder.with(truncateDimension: dimension) }
    }
  }
}
