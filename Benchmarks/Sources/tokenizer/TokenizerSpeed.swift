// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Swiftlet

/// Tokenizes a file's lines again and again and prints the best pass as a line of JSON in the form of the peers'
/// benchmark, for each number of threads.
@main struct TokenizerSpeed: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "tokenizer")

  @Option(help: "The folder of the tokenizer.") var model: String
  @Option(help: "A text file, a text a line; may be given several times.") var text: [String]
  @Option(help: "Threads, each with its share of the lines; may be given several times.") var threads = [1]
  @Option(name: .customLong("repeat"), help: "How often each file is tokenized.") var passes = 100

  func run() throws {
    let tokenizer = try Tokenizer(folder: model)
    for file in text {
      let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
      let byteCount = lines.reduce(0) { $0 + $1.utf8.count }
      try verify(tokenizer, lines)
      for count in threads {
        let shares = (0..<count).map { Array(lines[lines.count * $0 / count..<lines.count * ($0 + 1) / count]) }
        var best = Duration.seconds(1_000_000)
        for _ in 0..<passes {
          let time = ContinuousClock().measure {
            DispatchQueue.concurrentPerform(iterations: count) { share in
              _ = try? tokens(of: shares[share], tokenizer)
            }
          }
          best = min(best, time)
        }
        let speed = Double(byteCount) / (best / .seconds(1)) / 1e6
        print(
          """
          {"peer": "swiftlet", "text": "\(URL(fileURLWithPath: file).lastPathComponent)", "threads": \(count), \
          "mb_per_s": \(String(format: "%.2f", speed))}
          """)
      }
    }
  }

  private func tokens(of lines: [String], _ tokenizer: Tokenizer) throws -> TokenBatch {
    var batch = TokenBatch()
    for line in lines { try tokenizer.append(line, to: &batch, maxLength: .max) }
    return batch
  }

  /// What is timed must be right: the ids are those of the path that knows each token's place, which tests compare
  /// with the reference.
  private func verify(_ tokenizer: Tokenizer, _ lines: [String]) throws {
    let batch = try tokens(of: lines, tokenizer)
    for (index, line) in lines.enumerated() {
      guard try tokenizer.encode(line).ids == Array(batch.ids[batch.tokenRange(index)]) else {
        throw ValidationError("line \(index + 1) has other ids with offsets than without")
      }
    }
  }
}
