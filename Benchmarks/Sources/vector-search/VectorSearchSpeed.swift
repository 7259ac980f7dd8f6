// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Swiftlet
import SwiftletFiles

/// Times the searches of an index and prints them as a line of JSON.
@main struct VectorSearchSpeed: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "vector-search")

  @Option(help: "The index's folder.") var index: String
  @Option(help: "Queries, a NumPy array.") var queries: String
  @Option(help: "How many documents are found.") var limit = 10
  @Option(help: "How many queries are searched for at once.") var batch = 100
  @Option(help: "How often a batch is searched for.") var passes = 5
  @Option(help: "Threads; default: one a processor.") var threads: Int?
  @Option(help: "A file for what is found: the ids for each query, on a line.") var found: String?

  func run() throws {
    var opening: [Double] = []
    for _ in 0..<20 { opening.append(milliseconds { _ = try? VectorIndex(folder: self.index) }) }
    let index = try VectorIndex(folder: self.index, threadCount: threads)
    var reader = try VectorReader(path: queries, format: .npy), vectors: [[Float]] = []
    while let vector = try reader.next() { vectors.append(vector) }

    // The first searches bring the codes into the system's cache.
    for vector in vectors.prefix(3) { _ = try index.search(vector, limit: limit) }
    var single: [Double] = [], scored: [Int] = [], lines = ""
    for vector in vectors {
      var results: SearchResults?
      single.append(try milliseconds { results = try index.search(vector, limit: limit) })
      scored.append(results?.scoredRows ?? 0)
      lines += (results?.map(\.document.id).joined(separator: " ") ?? "") + "\n"
    }
    if let found { try lines.write(toFile: found, atomically: true, encoding: .utf8) }
    let together = Tensor(vectors.prefix(batch).flatMap { $0 }, shape: [min(batch, vectors.count), reader.dimension])
    var batches: [Double] = []
    for _ in 0..<passes { batches.append(try milliseconds { _ = try index.search(together, limit: limit) }) }
    let figures: [(String, Double)] = [
      ("open_ms", median(opening)), ("single_ms", median(single)), ("single_p99_ms", percentile(single, 0.99)),
      ("batch_ms", batches.min() ?? .nan), ("scored_median", median(scored.map(Double.init))),
      ("scored_worst", Double(scored.max() ?? 0)), ("anonymous_mb", anonymousMegabytes()),
    ]
    print("{" + figures.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
  }

  private func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body) / .milliseconds(1)
  }

  private func median(_ values: [Double]) -> Double { percentile(values, 0.5) }

  private func percentile(_ values: [Double], _ share: Double) -> Double {
    values.sorted()[Int(Double(values.count - 1) * share)]
  }

  /// The memory of this process that is no file's; 0 where Linux does not tell.
  private func anonymousMegabytes() -> Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return (line?.split(separator: " ").dropFirst().first).flatMap { Double($0) }.map { $0 / 1024 } ?? 0
  }
}
