// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletTensors
import TestSupport
import Testing

/// The same text has the same bits in any batch, in any order, on any number of threads and on every CPU path.
@Suite struct DeterminismTests {
  private static let model = repositoryPath("weights/all-MiniLM-L6-v2")

  /// 64 texts of up to some hundreds of tokens, one of them empty.
  private static let texts: [String] = {
    var generator = SplitMix64(seed: 1)
    let words = ["the", "bank", "of", "a", "river", "lends", "no", "money", "embarrassingly", "42", "naïve", "?"]
    let lengths = [0, 1, 180, 90] + (4..<64).map { _ in Int.random(in: 1..<24, using: &generator) }
    return lengths.map { length in
      (0..<length).map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
    }
  }()

  private static let reference = Result { try bits(of: SentenceEncoder(folder: model).encode(texts)) }

  private static func bits(of vectors: Embeddings) -> [[UInt32]] {
    (0..<vectors.count).map { vectors[$0].map(\.bitPattern) }
  }

  @Test(arguments: [1, 7, 64]) func inBatchesOf(size: Int) throws {
    let encoder = try SentenceEncoder(folder: Self.model)
    let expected = try Self.reference.get()
    for first in stride(from: 0, to: Self.texts.count, by: size) {
      let range = first..<min(first + size, Self.texts.count)
      #expect(try Self.bits(of: encoder.encode(Array(Self.texts[range]))) == Array(expected[range]))
    }
  }

  /// More texts than one task tokenizes: the chunks are joined in order.
  @Test func inSeveralChunks() throws {
    let expected = try Self.reference.get()
    let vectors = try SentenceEncoder(folder: Self.model).encode(Self.texts + Self.texts.reversed() + ["the"])
    #expect(Array(Self.bits(of: vectors).dropLast()) == expected + expected.reversed())
  }

  @Test func inAnyOrder() throws {
    var generator = SplitMix64(seed: 2)
    let order = Self.texts.indices.shuffled(using: &generator)
    let vectors = try SentenceEncoder(folder: Self.model).encode(order.map { Self.texts[$0] })
    let expected = try Self.reference.get()
    #expect(Self.bits(of: vectors) == order.map { expected[$0] })
  }

  @Test(arguments: 1...8) func onThreads(count: Int) throws {
    let encoder = try SentenceEncoder(folder: Self.model, settings: EncoderSettings(threadCount: count))
    let expected = try Self.reference.get()
    #expect(try Self.bits(of: encoder.encode(Self.texts)) == expected)
    // A single text: the threads share its loops.
    #expect(try Self.bits(of: encoder.encode([Self.texts[2]])) == [expected[2]])
  }

  @Test(arguments: Kernels.available.map(\.path)) func onPath(name: String) throws {
    let kernels = try #require(Kernels(path: name))
    let encoder = try SentenceEncoder(folder: Self.model, settings: EncoderSettings(), kernels: kernels)
    // Without a multiply-add instruction, each multiply-add is a slow call: fewer texts.
    let count = name == "scalar" ? 2 : Self.texts.count
    let some = Array((Self.texts.prefix(2) + Self.texts.dropFirst(4) + Self.texts[2..<4]).prefix(count))
    let expected = try Self.bits(of: SentenceEncoder(folder: Self.model).encode(some))
    #expect(try Self.bits(of: encoder.encode(some)) == expected)
  }

  @Test func synchronousAsynchronousAndStreaming() async throws {
    let encoder = try SentenceEncoder(folder: Self.model)
    let expected = try Self.reference.get()
    #expect(try await Self.bits(of: encoder.encode(Self.texts)) == expected)
    var streamed: [[UInt32]] = []
    let stream = AsyncStream<String> { continuation in
      for text in Self.texts { continuation.yield(text) }
      continuation.finish()
    }
    for try await embedded in encoder.encode(stream) {
      #expect(embedded.text == Self.texts[streamed.count])
      streamed.append(embedded.vector.map(\.bitPattern))
    }
    #expect(streamed == expected)
  }

  private struct BrokenStream: Error {}

  @Test(arguments: [BrokenStream(), CancellationError()] as [any Error])
  func aStreamsTextsBeforeItsErrorAreEmbedded(error: any Error) async throws {
    let encoder = try SentenceEncoder(folder: Self.model)
    let stream = AsyncThrowingStream<String, any Error> { continuation in
      for text in Self.texts.prefix(3) { continuation.yield(text) }
      continuation.finish(throwing: error)
    }
    var count = 0
    do {
      for try await embedded in encoder.encode(stream) {
        #expect(embedded.text == Self.texts[count])
        count += 1
      }
      Issue.record("no error")
    } catch let found {
      #expect(type(of: found) == type(of: error))
    }
    #expect(count == 3)
  }

  @Test func fromManyTasksAtOnce() async throws {
    let encoder = try SentenceEncoder(folder: Self.model, settings: EncoderSettings(threadCount: 3))
    let expected = try Self.reference.get()
    try await withThrowingTaskGroup { group in
      for task in 0..<16 {
        group.addTask {
          let range = task * 4..<task * 4 + 4
          let vectors = try await encoder.encode(Array(Self.texts[range]))
          #expect(Self.bits(of: vectors) == Array(expected[range]))
        }
      }
      try await group.waitForAll()
    }
  }
}
