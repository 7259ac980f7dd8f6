// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet
import SwiftletFiles

/// Searches an index.
struct QueryIndex: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "Search an index.",
    discussion: """
      Queries are arguments, the lines of --input, or, with neither, those of standard input, each answered at once. The \
      model's precision and maximum length are those of the index.
        table  rank, score, line and text (the default)
        jsonl  {"query":…,"hits":[{"rank":1,"score":…,"id":…,"line":1,"text":…}]}
      """)

  @Argument(help: "The queries.")
  var texts: [String] = []

  @Option(help: ArgumentHelp("Read queries from a file, one a line; \"-\" is standard input.", valueName: "file"))
  var input: String?

  @Option(help: ArgumentHelp("The index's folder.", valueName: "dir"))
  var index: String

  @OptionGroup var queries: QueryOptions
  @OptionGroup var model: QueryModelOptions

  func validate() throws {
    if !texts.isEmpty, input != nil { throw ValidationError("give queries or --input, not both") }
  }

  func run() throws {
    Interruption.handleSignals()
    let index = try VectorIndex(folder: self.index, mapsFiles: !queries.noMmap, threadCount: model.threads)
    var common = CommonOptions()
    common.model = model.model
    common.threads = model.threads
    common.quiet = model.quiet
    if let made = index.description.model {
      common.precision = made.precision
      common.maxLength = made.maxLength
    }
    let encoder = try common.encoder()
    try index.check(encoder)
    let isConversation = texts.isEmpty && input ?? "-" == "-"
    var writer = try HitWriter(
      PreparedSearch(queries, threads: model.threads), index, titlesQueries: texts.count != 1 && !isConversation)
    func answer(_ texts: [String]) throws {
      try writer.write(texts, vectors: encoder.encode(texts, prompt: queries.queryPrompt).tensor)
    }
    if !texts.isEmpty { return try answer(texts) }
    let asks = input == nil && StandardError.isConversation && !model.quiet
    if asks { StandardError.write("query> ") }
    var lines = try TextLines(path: input ?? "-", jsonField: nil, warn: common.warn)
    while let batch = try lines.nextBatch() {
      try answer(batch.texts)
      if asks { StandardError.write("query> ") }
    }
  }
}

/// The model of queries: its precision and maximum length are those of the index.
struct QueryModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The model folder that the index was made with.", valueName: "dir"))
  var model: String?

  @Option(help: ArgumentHelp("Threads to compute on (default: one a core).", valueName: "n"))
  var threads: Int?

  @Flag(help: "Print errors only: no warnings, no prompt.")
  var quiet = false

  func validate() throws { try check("--threads", threads, in: 1...1024) }
}

/// What is searched for, and how results look.
struct QueryOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How many texts are found.", valueName: "n"))
  var topK = 10

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp("Search only texts that this holds for, like: lang = \"en\" and year >= 2020", valueName: "expr")
  )
  var filter: String?

  @Option(help: ArgumentHelp("Put the model's prompt of this name before each query.", valueName: "name"))
  var queryPrompt: String?

  @Option(help: ArgumentHelp("Sort what is found by this cross-encoder.", valueName: "dir"))
  var rerank: String?

  @Option(help: ArgumentHelp("How many texts --rerank sorts (default: 100).", valueName: "n"))
  var candidates: Int?

  @Option(help: "What the results look like.")
  var format: HitFormat = .table

  @Flag(help: "Read the index into memory, so that nothing that others do to its files can end the program.")
  var noMmap = false

  func validate() throws {
    try check("--top-k", topK, in: 1...Int.max)
    try check("--candidates", candidates, in: topK...max(topK, 1_000_000))
    if candidates != nil, rerank == nil { throw ValidationError("--candidates goes with --rerank") }
  }

  /// How many texts a search finds: those to show, or those to sort anew.
  var limit: Int { rerank == nil ? topK : max(topK, candidates ?? 100) }
}

enum HitFormat: String, ExpressibleByArgument, CaseIterable {
  case table, jsonl
}
