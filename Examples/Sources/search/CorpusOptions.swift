// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet
import SwiftletFiles

/// A corpus and how it is indexed.
struct CorpusOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The texts to index.", valueName: "file"))
  var corpus: String

  @Option(help: ArgumentHelp("The index's folder (default: the corpus with .swiftlet-index behind).", valueName: "dir"))
  var index: String?

  @Option(help: ArgumentHelp("How the corpus is written (default: as the file's name ends, else text)."))
  var dataFormat: CorpusFormat?

  @Option(help: ArgumentHelp("What separates the columns of CSV or TSV: a character, or tab.", valueName: "c"))
  var separator: FieldSeparator?

  @Flag(help: "The table starts with data: columns are called by their numbers, the texts are in the first.")
  var noHeader = false

  @Flag(help: "Skip and count bad rows; otherwise the first is an error.")
  var skipBad = false

  @Option(help: ArgumentHelp("The column of texts (default: text, or the only one).", valueName: "name"))
  var textColumn: String?

  @Option(help: ArgumentHelp("The column of ids (default: id, if there is one).", valueName: "name"))
  var idColumn: String?

  @Option(help: ArgumentHelp("Put the model's prompt of this name before each text.", valueName: "name"))
  var prompt: String?

  @Option(
    help: ArgumentHelp(
      "Divide long texts into windows of n tokens that share m; a text has the score of its best one.", valueName: "n,m"
    ))
  var windows: WindowSizes?

  @Option(help: "What finds the best texts: 8-bit codes and then float32, or float32 alone. The results are the same.")
  var scan: IndexDescription.Scan?

  var indexFolder: String { index ?? corpus + ".swiftlet-index" }

  /// Brings the index up to date with the corpus, and says on standard error what that took.
  func update(_ folder: String, with encoder: SentenceEncoder, _ common: CommonOptions) throws {
    // First, so that a mistake in the corpus's name leaves no folder behind.
    let reader = try CorpusReader(
      corpus, dataFormat ?? CorpusFormat(fileName: corpus), separator: separator?.scalar, hasHeader: !noHeader,
      textColumn: textColumn, idColumn: idColumn)
    let writer = try VectorIndexWriter(
      folder: folder, IndexDescription(for: encoder, prompt: prompt, scan: scan ?? .int8, windows: try windows?.windows)
    )
    var update = try IndexUpdate(of: writer, with: encoder, prompt: prompt)
    var progress = ProgressBar(counting: "texts", quiet: common.quiet)
    var skipped = 0
    while let entry = try skipBad ? reader.next(skippingBad: &skipped) : reader.next() {
      do {
        try update.add(entry.text, id: entry.id, metadata: entry.metadata, position: entry.line - 1)
      } catch let error as IndexError {
        if case .duplicateID = error.problem { throw reader.error(error.reason, error.remedy) }
        throw error
      }
      progress.update(count: update.count, fraction: reader.fractionRead)
    }
    progress.clear()
    if reader.hadByteOrderMark { common.warn("\(corpus): starts with a byte order mark, which was dropped") }
    if skipped > 0 { common.warn("\(corpus): skipped \(skipped) bad \(skipped == 1 ? "row" : "rows")") }
    let summary = try update.commit()
    var report = TruncationReport(maxLength: encoder.maxLength, warn: common.warn)
    for position in summary.truncated { report.add("line \(position + 1)") }
    report.finish()
    if !common.quiet {
      StandardError.print(
        "\(folder): \(summary.embedded) texts embedded, \(summary.kept) kept, \(summary.removed) removed")
    }
  }
}

/// The numbers of --windows.
struct WindowSizes: ExpressibleByArgument {
  let tokens: Int
  let overlap: Int

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let tokens = numbers[0], let overlap = numbers[1] else { return nil }
    self.tokens = tokens
    self.overlap = overlap
  }

  var windows: TextWindows {
    get throws { try TextWindows(tokens: tokens, overlap: overlap) }
  }
}

extension IndexDescription.Scan: @retroactive ExpressibleByArgument {}
