// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import TestSupport
import Testing

/// What a server of one's own and an index use, as a user's program would.
@Suite struct ServingTests {
  private let encoder: SentenceEncoder
  private let texts = ["one text", "another text", "a third"]

  init() throws { encoder = try SentenceEncoder(folder: repositoryPath("weights/all-MiniLM-L6-v2")) }

  @Test func aQueueWithItsObserver() async throws {
    let queue = RequestQueue(
      limits: RequestQueue.Limits(tokens: 10_000, bytes: 1 << 20, roundDuration: .milliseconds(5))
    ) {
      round in
      #expect(round.sequenceCount > 0 && round.tokenCount > 0 && round.duration > .zero)
    }
    let tokens = try await encoder.tokens(of: texts, truncation: .atStart), expected = try await encoder.encode(texts)
    #expect(tokens.skippedTokens == [0, 0, 0])
    let request = try encoder.with(truncateDimension: 8).request(for: tokens)
    #expect(request.tokenCount == tokens.ids.count && request.resultByteCount == 3 * 8 * 4)
    let cache = EmbeddingCache(byteLimit: 1 << 20)
    for _ in 0..<2 {
      let done = try await queue.result(of: request, deadline: .now + .seconds(60), cache: cache)
      #expect(done.output.count == 3)
      #expect(zip(done.output, expected).allSatisfy { $0.elementsEqual($1.prefix(8)) })
      #expect(done.waited >= .zero && done.computed >= .zero)
    }
    let known = cache.status, status = queue.status
    #expect(known.hits == 3 && known.misses == 3 && known.count == 3 && known.byteCount > 0)
    #expect(status.waitingRequests + status.waitingTokens + status.heldBytes == 0)
    #expect(status.runningTokens == 0 && status.estimatedWait == .zero && status.lastProgress == nil)
    await #expect(throws: RequestQueueError.deadlineExceeded) {
      try await queue.encode(texts, with: encoder, deadline: .now - .seconds(1))
    }
  }

  @Test func vectorsAsIntegersAndBits() throws {
    let vectors = try encoder.encode(texts)
    let symmetric = QuantizedEmbeddings(vectors, as: .symmetric)
    #expect(symmetric.scheme.isSigned && symmetric.scales.count == 3 && symmetric.bytesPerVector == symmetric.dimension)
    let all = symmetric.dequantized()
    for (index, vector) in vectors.enumerated() {
      let near = symmetric[index].dequantized(), scale = symmetric.scales[index]
      #expect(zip(near, vector).allSatisfy { abs($0 - $1) <= scale / 2 * 1.001 })
      #expect(near == Array(all.values[index * 384..<(index + 1) * 384]))
    }
    let ranges = try QuantizedEmbeddings.Ranges(calibratedOn: vectors.tensor)
    #expect(zip(ranges.minimums, ranges.maximums).allSatisfy { $0 <= $1 } && ranges.dimension == 384)
    #expect(QuantizedEmbeddings(vectors, as: .uint8(ranges))[0].count == 384)
    #expect(QuantizedEmbeddings(vectors, as: .ubinary).bytes.count == 3 * 48)
  }
}
