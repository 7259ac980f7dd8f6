// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Swiftlet

/// Times the embedding of texts, the whole way from text to vector, and prints the best pass as a line of JSON.
@main struct Pipeline: ParsableCommand {
  @Option(help: "The model's folder.") var model: String
  @Option(help: "A text file, a text a line.") var text: String
  @Option(help: "What the encoder computes in.") var precision = Precision.float32
  @Option(help: "Threads that work at a time.") var threads = ProcessInfo.processInfo.activeProcessorCount
  @Option(help: "Make texts of so many tokens each from the file's words; default: its lines.") var length: Int?
  @Option(help: "Embed this many tokens, lines again and again; default: all lines once.") var tokens: Int?
  @Option(help: "How often they are embedded.") var passes = 3
  @Option(help: "A file of second texts, a text a line: a cross-encoder scores the pairs.") var pairs: String?
  @Option(help: "A file for the pairs' logits.") var logits: String?

  func run() throws {
    if let pairs { return try score(pairs) }
    var settings = EncoderSettings(maxLength: length, threadCount: threads)
    settings.precision = precision
    let encoder = try SentenceEncoder(folder: model, settings: settings)
    let (texts, tokenCount) = try Workload(path: text, length: length, tokens: tokens, encoder: encoder).texts()
    var result = Result(
      text: URL(fileURLWithPath: text).lastPathComponent, precision: precision.rawValue, threads: threads,
      texts: texts.count, tokens: tokenCount)
    result.minCosine = try Verification(model: model, encoder: encoder, texts: texts).minCosine(precision)
    try time(&result) { _ = try encoder.encode(texts) }
  }

  private func score(_ pairs: String) throws {
    let settings = CrossEncoderSettings(maxLength: length, precision: precision, threadCount: threads)
    let workload = try PairWorkload(model: model, settings: settings, first: text, second: pairs)
    let logits = try workload.logits()
    if let path = self.logits { try logits.write(toFile: path, atomically: true, encoding: .utf8) }
    var result = Result(
      text: URL(fileURLWithPath: text).lastPathComponent, precision: precision.rawValue, threads: threads,
      texts: workload.pairs.count, tokens: workload.tokenCount)
    try time(&result) { _ = try workload.encoder.scores(of: workload.pairs) }
  }

  private func time(_ result: inout Result, _ work: () throws -> Void) throws {
    for _ in 0..<passes {
      let elapsed = try ContinuousClock().measure { try work() }
      result.seconds = min(result.seconds, elapsed / .seconds(1))
    }
    print(try result.json())
  }
}

extension Precision: @retroactive ExpressibleByArgument {}
