// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletTensors
import SwiftletTokenizers
import TestSupport
import Testing

/// Many tasks on one queue: the bits of calls without it, and nothing left over.
@Suite struct RequestQueueTests {
  private let encoder: SentenceEncoder
  private let pool = ThreadPool(threadCount: 2)
  private let texts = (0..<200).map { "text \($0) " + String(repeating: "of some words ", count: $0 % 9) }

  init() throws {
    encoder = try SentenceEncoder(folder: fixture("gelu-mean-normalized/model"))
  }

  private func queue(_ limits: RequestQueue.Limits = RequestQueue.Limits()) -> RequestQueue {
    RequestQueue(limits: limits, pool: pool)
  }

  private func bits(_ tensor: Tensor) -> [UInt32] { tensor.values.map(\.bitPattern) }

  private func expectIdle(_ queue: RequestQueue) {
    let status = queue.status
    #expect(status.waitingRequests == 0 && status.waitingTokens == 0 && status.heldBytes == 0)
  }

  /// Encoders of other settings, a cross-encoder and requests for token vectors are among them.
  @Test func resultsHaveTheBitsOfCallsAlone() async throws {
    let queue = queue(), encoder = encoder, texts = texts
    let cut = try encoder.with(normalize: false, truncateDimension: 5)
    let scorer = try CrossEncoder(folder: fixture("cross-encoders/bert"))
    let pairs = texts.prefix(40).map { ($0, "another text") }
    let expected = bits(try await encoder.encode(texts).tensor), dimension = encoder.dimension
    let expectedCut = bits(try await cut.encode(texts).tensor)
    let expectedScores = bits(try await scorer.scores(of: pairs).tensor)
    let tokens = try await encoder.tokens(of: Array(texts[..<20]))
    let expectedTokens = try (0..<20).compactMap { try encoder.hiddenStates(of: tokens[$0..<$0 + 1]).last.map(bits) }
    try await withThrowingTaskGroup { group in
      for task in 0..<40 {
        group.addTask {
          let range = task * 5..<min(task * 5 + 1 + task % 7 * 20, texts.count)
          switch task % 4 {
          case 0:
            let scores = try await queue.scores(of: pairs, with: scorer)
            #expect(bits(scores.tensor) == expectedScores)
          case 1:
            let request = try await cut.request(for: cut.tokens(of: Array(texts[range])))
            let vectors = try await queue.result(of: request).output
            #expect(bits(vectors.tensor) == Array(expectedCut[range.lowerBound * 5..<range.upperBound * 5]))
          case 2:
            let states = try await queue.result(of: encoder.tokenVectorRequest(for: tokens)).output
            #expect(states.map(bits) == expectedTokens)
          default:
            let vectors = try await queue.encode(Array(texts[range]), with: encoder)
            let elements = range.lowerBound * dimension..<range.upperBound * dimension
            #expect(bits(vectors.tensor) == Array(expected[elements]))
          }
        }
      }
      try await group.waitForAll()
    }
    expectIdle(queue)
  }

  @Test func waitingRequestsAreComputedTogether() async throws {
    let rounds = Monitor<[RequestQueue.Round]>([])
    let queue = RequestQueue(limits: RequestQueue.Limits(), pool: ThreadPool(threadCount: 1)) { round in
      rounds.withLock { $0.append(round) }
    }
    let encoder = encoder
    await withTaskGroup { group in
      for text in texts {
        group.addTask { #expect((try? await queue.encode([text], with: encoder).count) == 1) }
      }
    }
    let all = rounds.withLock { $0 }
    #expect(all.reduce(0) { $0 + $1.sequenceCount } == texts.count)
    #expect(all.count < texts.count / 2)
    #expect(all.reduce(0) { $0 + $1.tokenCount } == (try await encoder.tokens(of: texts).ids.count))
  }

  @Test func requestsWithoutTexts() async throws {
    let queue = queue()
    #expect(try await queue.encode([], with: encoder).isEmpty)
    #expect(try await queue.encode([""], with: encoder).count == 1)
    expectIdle(queue)
  }

  /// Every second of 200 calls is cancelled, some before they begin.
  @Test func cancelledRequests() async throws {
    let queue = queue(), encoder = encoder, texts = texts
    let expected = bits(try await encoder.encode(texts).tensor)
    await withTaskGroup { group in
      for task in 0..<200 {
        group.addTask {
          let work = Task { try await queue.encode(texts, with: encoder) }
          if task % 2 == 1 {
            if task % 4 == 1 { try? await Task.sleep(for: .milliseconds(task % 16)) }
            work.cancel()
          }
          do {
            let vectors = try await work.value
            #expect(bits(vectors.tensor) == expected)
          } catch {
            #expect(task % 2 == 1 && error is CancellationError)
          }
        }
      }
    }
    expectIdle(queue)
  }

  @Test func deadlines() async throws {
    let queue = queue(), many = Array(repeating: texts, count: 40).flatMap { $0 }
    #expect(try await queue.encode(texts, with: encoder, deadline: .now + .seconds(600)).count == texts.count)
    await #expect(throws: RequestQueueError.deadlineExceeded) {
      try await queue.encode(many, with: encoder, deadline: .now + .milliseconds(1))
    }
    await #expect(throws: RequestQueueError.deadlineExceeded) {
      try await queue.encode(texts, with: encoder, deadline: .now - .seconds(1))
    }
    expectIdle(queue)
    #expect(try await queue.encode(["again"], with: encoder).count == 1)
  }

  /// A full queue refuses at once, and has room again later.
  @Test func limits() async throws {
    let tokens = try await encoder.tokens(of: texts).ids.count
    let queue = queue(RequestQueue.Limits(tokens: tokens)), encoder = encoder, texts = texts
    let error = await #expect(throws: RequestQueueError.self) {
      try await queue.encode(texts + ["one more"], with: encoder)
    }
    if case .tooLarge(let count, _)? = error {
      #expect(count > tokens)
    } else {
      Issue.record("\(String(describing: error))")
    }
    var isFull = false
    for _ in 0..<100 where !isFull {
      await withTaskGroup { group in
        for _ in 0..<8 { group.addTask { try? await queue.encode(texts, with: encoder).count } }
        for await count in group where count == nil { isFull = true }
      }
    }
    #expect(isFull)
    expectIdle(queue)
    #expect(try await queue.encode(texts, with: encoder).count == texts.count)
  }

  @Test func textsCountBeforeTheyAreTokens() async throws {
    let queue = queue(RequestQueue.Limits(bytes: 1000))
    await #expect(throws: RequestQueueError.tooLarge(tokens: 0, bytes: 1001)) {
      try await queue.encode([String(repeating: "x", count: 1001)], with: encoder)
    }
  }
}
