// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet
import SwiftletFiles

/// Sorts documents by how well they answer a query, or scores pairs of texts.
@main
struct RerankCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rerank",
    abstract: "Sorts documents by how well they answer a query, with a cross-encoder.",
    discussion: """
      With --query, the documents are arguments or the lines of --input, and results are in the order of their scores, \
      the best first:
        table  rank, score and the document's beginning (the default for arguments)
        jsonl  {"index":0,"line":1,"score":…,"text":…}; the index counts documents from 0, the line of --input from 1 \
      (the default for --input)
        tsv    index, score and document, separated by tabs
      With --pairs, each row of the table gives a line with its score, or its scores separated by tabs if the model has \
      several labels.
      """,
    version: swiftletVersion)

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var tables: TableOptions

  @Option(help: ArgumentHelp("The query that the documents are compared with.", valueName: "text"))
  var query: String?

  @Option(
    help: ArgumentHelp("A table of pairs to score: query and document, or anchor and positive.", valueName: "file"))
  var pairs: String?

  @Option(help: ArgumentHelp("Print the best documents only (default: all).", valueName: "n"))
  var topK: Int?

  @Flag(help: "Print the model's logits: leave out the function that the model folder puts behind them.")
  var rawScores = false

  @Option(help: "What the results look like.")
  var format: Format?

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, jsonl, tsv
  }

  func validate() throws {
    if (query == nil) == (pairs == nil) {
      throw ValidationError(query == nil ? "give --query, or --pairs" : "give --query or --pairs, not both")
    }
    try check("--top-k", topK, in: 1...Int.max)
    if query != nil { return try input.check() }
    guard input.texts.isEmpty, input.input == nil, topK == nil, format == nil else {
      throw ValidationError("documents, --input, --top-k and --format go with --query, not with --pairs")
    }
  }

  func run() throws {
    Interruption.handleSignals()
    let encoder = try common.crossEncoder()
    let output = try Output(path: nil)
    if let query {
      try writeRanking(of: query, encoder, to: output)
    } else if let pairs {
      try writeScores(of: pairs, encoder, to: output)
    }
    try output.finish()
  }

  private func writeRanking(of query: String, _ encoder: CrossEncoder, to output: borrowing Output) throws {
    guard encoder.labels.count == 1 else {
      throw SeveralLabelsError(
        labels: encoder.labels, remedy: "give --pairs for the scores of all, or another --model")
    }
    var report = TruncationReport(maxLength: encoder.maxLength, warn: common.warn)
    var progress = ProgressBar(counting: "documents", quiet: common.quiet)
    var ranking = Ranking(limit: topK)
    try input.forEachBatch(warn: common.warn) { batch in
      let scores = try encoder.scores(of: batch.texts.map { (query, $0) }, asLogits: rawScores)
      if !scores.truncated.isEmpty { progress.clear() }
      for index in scores.truncated { report.add("the query with \(batch.place(of: index))") }
      for (index, text) in batch.texts.enumerated() {
        ranking.add(text, line: batch.line(of: index), score: scores[index][0])
      }
      progress.update(count: ranking.count, fraction: batch.fractionRead)
    }
    progress.clear()
    report.finish()
    try output.write { lines in
      switch format ?? (input.input == nil ? .table : .jsonl) {
      case .table: ranking.appendTable(to: &lines)
      case .jsonl: ranking.appendJSONLines(to: &lines)
      case .tsv: ranking.appendTabSeparated(to: &lines)
      }
    }
  }

  private func writeScores(of path: String, _ encoder: CrossEncoder, to output: borrowing Output) throws {
    guard case .positivePairs(let pairs) = try tables.read(path, as: .positivePairs, warn: common.warn) else {
      preconditionFailure("a table of another kind than asked for")
    }
    let pairsAtATime = 1024
    var report = TruncationReport(maxLength: encoder.maxLength, warn: common.warn)
    var progress = ProgressBar(counting: "pairs", quiet: common.quiet)
    for start in stride(from: 0, to: pairs.count, by: pairsAtATime) {
      let rows = start..<min(start + pairsAtATime, pairs.count)
      let scores = try encoder.scores(of: rows.map { (pairs.anchors[$0], pairs.positives[$0]) }, asLogits: rawScores)
      if !scores.truncated.isEmpty { progress.clear() }
      for index in scores.truncated { report.add("row \(start + index + 1)") }
      try output.write { lines in
        for pair in scores {
          lines.append(pair, separator: "\t")
          lines.append(UInt8(ascii: "\n"))
        }
      }
      progress.update(count: rows.upperBound, fraction: Double(rows.upperBound) / Double(pairs.count))
    }
    progress.clear()
    report.finish()
  }
}
