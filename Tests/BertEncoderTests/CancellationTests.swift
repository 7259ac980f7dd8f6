// SPDX-License-Identifier: Apache-2.0

import BertEncoder
import TestSupport
import Testing

@Suite struct CancellationTests {
  private let encoder: SentenceEncoder

  init() throws {
    encoder = try SentenceEncoder(
      folder: fixture("gelu-mean-normalized/model"), settings: EncoderSettings(threadCount: 2))
  }

  /// A cancelled call ends early, and the encoder goes on working.
  @Test func asynchronousCall() async throws {
    let texts = Array(repeating: "one of very many texts", count: 200_000)
    let task = Task { try await encoder.encode(texts) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await encoder.encode(["another"]).count == 1)
  }

  /// A stream that never ends.
  private struct Endless: AsyncSequence, Sendable {
    struct Iterator: AsyncIteratorProtocol {
      mutating func next() async -> String? { "again" }
    }
    func makeAsyncIterator() -> Iterator { Iterator() }
  }

  @Test func endlessStream() async throws {
    var count = 0
    for try await embedded in encoder.encode(Endless()) {
      #expect(embedded.vector.count == encoder.dimension)
      count += 1
      if count == 5_000 { break }
    }
    let encoder = encoder
    let task = Task { for try await _ in encoder.encode(Endless()) {} }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  private struct Broken: Error {}

  /// What came before an error is embedded; then the error comes.
  @Test func failingStream() async throws {
    let stream = AsyncThrowingStream<String, any Error> { continuation in
      continuation.yield("first")
      continuation.finish(throwing: Broken())
    }
    var texts: [String] = []
    await #expect(throws: Broken.self) {
      for try await embedded in encoder.encode(stream) { texts.append(embedded.text) }
    }
    #expect(texts == ["first"])
  }
}
