// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletTensors
import TestSupport
import Testing

/// Vectors in bfloat16 and int8: near those in float32, and the same in any batch and on any number of threads.
@Suite struct PrecisionTests {
  private static let texts = [
    "A man is eating food.", "The bank of the river.", "How do I activate my card before it arrives in the mail?", "",
    "naïve 42 ?", Array(repeating: "embarrassingly long texts are cut", count: 60).joined(separator: " "),
  ]

  private func encoder(
    _ precision: Precision, threads: Int? = nil, _ kernels: Kernels = .best
  ) throws -> SentenceEncoder {
    try SentenceEncoder(
      folder: repositoryPath("weights/all-MiniLM-L6-v2"),
      settings: EncoderSettings(precision: precision, threadCount: threads), kernels: kernels)
  }

  private func bits(_ vectors: Embeddings) -> [[UInt32]] {
    (0..<vectors.count).map { vectors[$0].map(\.bitPattern) }
  }

  @Test(arguments: [(Precision.bfloat16, 0.9999 as Float), (.int8, 0.997)])
  func nearFloat32(precision: Precision, least: Float) throws {
    let exact = try encoder(.float32).encode(Self.texts)
    for kernels in Kernels.available {
      let vectors = try encoder(precision, kernels).encode(Self.texts)
      for index in Self.texts.indices {
        let cosine = zip(exact[index], vectors[index]).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(cosine >= least && cosine < 0.9999999, "\(kernels.path) \(Self.texts[index])")
      }
    }
  }

  @Test(arguments: Precision.allCases.dropFirst()) func sameBitsInAnyBatchOnAnyThreads(precision: Precision) throws {
    let expected = try bits(encoder(precision, threads: 1).encode(Self.texts))
    for threads in [1, 2, 5] {
      let encoder = try encoder(precision, threads: threads)
      #expect(try bits(encoder.encode(Self.texts)) == expected)
      for (index, text) in Self.texts.enumerated() {
        #expect(try bits(encoder.encode([text])) == [expected[index]], "\(threads) threads: \(text)")
      }
    }
  }

  @Test func int8HasTheSameBitsOnEveryPath() throws {
    let expected = try bits(encoder(.int8).encode(Self.texts))
    for kernels in Kernels.available {
      let vectors = try encoder(.int8, kernels).encode(Self.texts)
      #expect(bits(vectors) == expected, "\(kernels.path)")
    }
  }
}
