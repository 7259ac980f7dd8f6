// SPDX-License-Identifier: Apache-2.0

import SwiftletEncoders
import SwiftletTensors
import TestSupport
import Testing

/// The vectors of some texts as a collection.
@Suite struct EmbeddingsTests {
  private let embeddings: Embeddings

  init() throws {
    let encoder = try SentenceEncoder(folder: fixture("gelu-mean-normalized/model"))
    embeddings = try encoder.encode(["the cat sat", "12 dogs", "the cat sat", ""])
  }

  @Test func areACollectionOfCollections() {
    let values = embeddings.tensor.values, dimension = embeddings.dimension
    #expect(embeddings.count == 4 && embeddings.indices == 0..<4 && dimension == 24)
    #expect(embeddings.flatMap { $0 } == values)
    #expect(embeddings.reversed().first == embeddings[3])
    for (index, vector) in embeddings.enumerated() {
      #expect(vector.count == dimension && Array(vector) == Array(values[index * dimension..<(index + 1) * dimension]))
    }
    #expect(embeddings[0] == embeddings[2] && embeddings[0] != embeddings[1])
  }

  @Test func partsKeepTheirPlaces() {
    let vector = embeddings[1], part = vector[3..<7]
    #expect(part.indices == 3..<7 && part[3] == vector[3] && part.last == vector[6])
    #expect(Array(part.dropFirst().prefix(2)) == Array(vector)[4..<6].map { $0 })
    #expect(vector.prefix(2).description == "[\(vector[0]), \(vector[1])]")
    #expect(vector[4..<4].isEmpty && part == part[3..<7] && part != vector[2..<6])
  }

  @Test func cosines() {
    #expect(embeddings.cosineSimilarity(0, 2) == 1)
    let similarity = embeddings.cosineSimilarity(0, 1)
    #expect(similarity == embeddings[0].cosineSimilarity(to: embeddings[1]) && abs(similarity) < 1)
    let exact = zip(embeddings[0], embeddings[1]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(Double(similarity) - exact) < 1e-6)
    // The cosine of parts depends on the parts alone.
    #expect(embeddings[0][3..<9].cosineSimilarity(to: embeddings[2][3..<9]) == 1)
    #expect(embeddings[0][3..<3].cosineSimilarity(to: embeddings[1][4..<4]) == 0)
  }

  @Test func whatLiesOutsideTraps() async {
    await #expect(processExitsWith: .failure) { try embedding()[1][0..<25].forEach { _ = $0 } }
    await #expect(processExitsWith: .failure) { _ = try embedding()[1][2..<4][4] }
    await #expect(processExitsWith: .failure) { _ = try embedding()[2] }
    await #expect(processExitsWith: .failure) {
      let embeddings = try embedding()
      _ = embeddings[0].cosineSimilarity(to: embeddings[1].dropLast())
    }
  }
}

private func embedding() throws -> Embeddings {
  try SentenceEncoder(folder: fixture("gelu-mean-normalized/model")).encode(["the cat sat", "12 dogs"])
}
