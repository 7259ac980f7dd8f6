// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Swiftlet

/// Embeds a file's lines again and again, the whole way from text to vector, and prints the best pass as a line of
/// JSON in the form of the peers' benchmark.
@main struct Throughput: ParsableCommand {
  @Option(help: "The model's folder.") var model: String
  @Option(help: "A text file, a text a line; may be given several times.") var text: [String]
  @Option(help: "Threads; default: one a processor.") var threads: Int?
  @Option(name: .customLong("repeat"), help: "How often each file is embedded.") var passes = 3

  func run() throws {
    let encoder = try SentenceEncoder(folder: model, settings: EncoderSettings(threadCount: threads))
    for file in text {
      let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
      var tokens = TokenBatch()
      for line in lines { try encoder.tokenizer.append(line, to: &tokens, maxLength: encoder.maxLength) }
      try verify(encoder, lines)
      var best = Duration.seconds(1_000_000)
      for _ in 0..<passes { best = try min(best, ContinuousClock().measure { _ = try encoder.encode(lines) }) }
      let seconds = best / .seconds(1)
      print(
        """
        {"peer": "swiftlet", "text": "\(URL(fileURLWithPath: file).lastPathComponent)", \
        "tokens_per_s": \(Int(Double(tokens.ids.count) / seconds)), \
        "texts_per_s": \(Int(Double(lines.count) / seconds)), "threads": \(threads ?? 0)}
        """)
    }
  }

  /// What is timed must be right: a text alone has the bits it has among the others.
  private func verify(_ encoder: SentenceEncoder, _ lines: [String]) throws {
    let together = try encoder.encode(Array(lines.prefix(20)))
    for index in 0..<together.count {
      let alone = try encoder.encode([lines[index]])
      guard alone[0].map(\.bitPattern) == together[index].map(\.bitPattern) else {
        throw ValidationError("line \(index + 1) has other bits alone than among others")
      }
    }
  }
}
