// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletTensors
import Synchronization
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
    try await Task.sleep(for: .milliseconds(20))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await encoder.encode(["another"]).count == 1)
  }

  /// Eight tasks share an encoder; every third call is cancelled. The other calls give the bits of a call alone.
  @Test func tasksAmongCancelledOnes() async throws {
    let texts = (0..<300).map { "text \($0) " + String(repeating: "of some words ", count: $0 % 7) }
    let encoder = encoder
    let expected = try await encoder.encode(texts).tensor.values.map(\.bitPattern)
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          for call in 0..<9 {
            let isCancelled = (task + call) % 3 == 0
            let work = Task { try await encoder.encode(texts) }
            if isCancelled {
              try? await Task.sleep(for: .milliseconds(call))
              work.cancel()
            }
            do {
              let vectors = try await work.value
              #expect(vectors.tensor.values.map(\.bitPattern) == expected)
            } catch {
              #expect(isCancelled && error is CancellationError)
            }
          }
        }
      }
    }
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
    try await Task.sleep(for: .milliseconds(20))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  /// An endless stream that counts its texts.
  private struct Counted: AsyncSequence, Sendable {
    final class Count: Sendable { let value = Atomic<Int>(0) }
    struct Iterator: AsyncIteratorProtocol {
      let count: Count
      mutating func next() async -> String? {
        count.value.add(1, ordering: .relaxed)
        return "again"
      }
    }
    let count = Count()
    func makeAsyncIterator() -> Iterator { Iterator(count: count) }
  }

  /// The stream is read no further than the window, and no further after a cancellation while the iterator lives on.
  @Test func readsNoFurtherThanItsWindow() async throws {
    let stream = Counted(), encoder = encoder
    func settled() async -> Int {
      await Task.detached { try? await Task.sleep(for: .milliseconds(200)) }.value
      return stream.count.value.load(ordering: .relaxed)
    }
    let task = Task {
      var iterator = encoder.encode(stream).makeAsyncIterator()
      let ahead = await settled()
      withUnsafeCurrentTask { $0?.cancel() }
      for _ in 0..<2 {
        do {
          if try await iterator.next() != nil { Issue.record("a cancelled iteration went on") }
        } catch is CancellationError {}
      }
      let atEnd = stream.count.value.load(ordering: .relaxed)
      let later = await settled()
      _ = try? await iterator.next()
      return (ahead, atEnd, later)
    }
    let (ahead, atEnd, later) = try await task.value
    #expect(ahead == EmbeddingSequence<Counted>.window + 1)
    #expect(later <= atEnd + 1)
  }

  /// A consumer that is cancelled while it waits for a text that never comes.
  @Test func silentStream() async throws {
    let (silent, continuation) = AsyncStream.makeStream(of: String.self)
    let encoder = encoder
    let task = Task { for try await _ in encoder.encode(silent) {} }
    try await Task.sleep(for: .milliseconds(20))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    continuation.finish()
  }

  private struct Broken: Error {}

  /// Texts before an error are embedded; then the error is thrown.
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

  /// An iteration that has failed is over, though texts still come: those of the failed call would be missing.
  @Test func noTextAfterAnError() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    var iterator = encoder.encode(stream, prompt: "unknown").makeAsyncIterator()
    continuation.yield("first")
    await #expect(throws: EncoderSettingsError.self) { try await iterator.next() }
    continuation.yield("second")
    let next = try await iterator.next()
    #expect(next == nil)
  }
}
