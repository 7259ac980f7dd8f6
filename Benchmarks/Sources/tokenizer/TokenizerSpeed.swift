// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Swiftlet

/// Times the tokenization of a file's lines and prints the best pass as a line of JSON.
@main struct TokenizerSpeed: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "tokenizer")

  @Option(help: "The folder of the tokenizer.") var model: String
  @Option(help: "A text file, a text a line.") var text: String
  @Option(help: "Threads, each with its share of the lines.") var threads = 1
  @Option(help: "How often the file is tokenized.") var passes = 100

  func run() throws {
    let tokenizer = try Tokenizer(folder: model)
    let lines = try String(contentsOfFile: text, encoding: .utf8).split(separator: "\n").map(String.init)
    try verify(tokenizer, lines)
    // Long lines may stand together.
    let shares = (0..<threads).map { share in stride(from: share, to: lines.count, by: threads).map { lines[$0] } }
    var seconds = Double.infinity
    for _ in 0..<passes {
      let elapsed = ContinuousClock().measure {
        DispatchQueue.concurrentPerform(iterations: threads) { share in
          _ = try? tokens(of: shares[share], tokenizer)
        }
      }
      seconds = min(seconds, elapsed / .seconds(1))
    }
    let megabytes = Double(lines.reduce(0) { $0 + $1.utf8.count }) / 1e6
    print(#"{"megabytes_per_s": \#(megabytes / seconds), "threads": \#(threads)}"#)
  }

  private func tokens(of lines: [String], _ tokenizer: Tokenizer) throws -> TokenBatch {
    var batch = TokenBatch()
    for line in lines { try tokenizer.append(line, to: &batch, maxLength: .max) }
    return batch
  }

  /// Checks that the timed ids are those of `encode`, which tests compare with the reference.
  private func verify(_ tokenizer: Tokenizer, _ lines: [String]) throws {
    let batch = try tokens(of: lines, tokenizer)
    for (index, line) in lines.enumerated() {
      guard try tokenizer.encode(line).ids == Array(batch.ids[batch.tokenRange(of: index)]) else {
        throw ValidationError("line \(index + 1) has other ids with offsets than without")
      }
    }
  }
}
