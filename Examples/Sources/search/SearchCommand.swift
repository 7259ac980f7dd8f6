// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet

/// Makes an index of texts and finds those nearest to a query.
@main
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Finds the texts nearest to a query, exactly.",
    discussion: """
      search --corpus FILE QUERY… indexes the texts of FILE, or what has changed in it since, and searches them. The index \
      is the folder FILE.swiftlet-index. The same in two steps, and more, are the subcommands.
      """,
    version: swiftletVersion,
    subcommands: [
      SearchCorpus.self, MakeIndex.self, QueryIndex.self, DeleteDocuments.self, CompactIndex.self, CheckIndex.self,
      ShowIndex.self, ExportIndex.self, ImportVectors.self,
    ],
    defaultSubcommand: SearchCorpus.self)
}

/// Indexes a corpus and searches it.
struct SearchCorpus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "corpus", abstract: "Index a corpus, or what has changed in it, and search it (the default).")

  @OptionGroup var common: CommonOptions
  @OptionGroup var corpus: CorpusOptions
  @OptionGroup var queries: QueryOptions

  @Argument(help: "The queries.")
  var texts: [String]

  func run() throws {
    Interruption.handleSignals()
    let encoder = try common.encoder(), folder = corpus.indexFolder
    // Mistakes in these are told before anything is embedded.
    let search = try PreparedSearch(queries, threads: common.threads)
    try corpus.update(folder, with: encoder, common)
    let index = try VectorIndex(folder: folder, mapsFiles: !queries.noMmap, threadCount: common.threads)
    var writer = try HitWriter(search, index, titlesQueries: texts.count > 1)
    try writer.write(texts, vectors: encoder.encode(texts, prompt: queries.queryPrompt).tensor)
  }
}

/// Makes an index, or brings it up to date.
struct MakeIndex: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index",
    abstract: "Make an index of a corpus, or bring it up to date: only changed texts are embedded.",
    discussion: """
      The corpus is a text a line; or CSV, TSV or JSON Lines, by its name, with a column of texts, one of ids if there is \
      any, and others that --where can ask for. Without ids, a text is known by what it says.
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var corpus: CorpusOptions

  func run() throws {
    Interruption.handleSignals()
    try corpus.update(corpus.indexFolder, with: try common.encoder(), common)
  }
}
