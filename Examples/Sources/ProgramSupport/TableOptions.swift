// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Swiftlet

/// How tables of texts are written, and what their columns are called.
package struct TableOptions: ParsableArguments {
  @Option(help: "How tables are written (default: as the file's name ends).")
  var dataFormat: DatasetReader.Format?

  @Flag(help: "Tables start with data: the columns are taken by their order.")
  var noHeader = false

  @Flag(help: "Skip and count bad rows; otherwise the first is an error.")
  var skipBad = false

  @Option(help: ArgumentHelp("The column of labeled texts (default: text).", valueName: "name"))
  var textColumn: String?

  @Option(help: ArgumentHelp("The column of labels (default: label).", valueName: "name"))
  var labelColumn: String?

  @Option(help: ArgumentHelp("The column of triplets' anchors (default: anchor).", valueName: "name"))
  var anchorColumn: String?

  @Option(help: ArgumentHelp("The column of positives (default: positive).", valueName: "name"))
  var positiveColumn: String?

  @Option(
    help: ArgumentHelp("The column of negatives, and NAME_2 and so on of more (default: negative).", valueName: "name"))
  var negativeColumn: String?

  @Option(help: ArgumentHelp("The column of pairs' first texts (default: sentence1).", valueName: "name"))
  var sentence1Column: String?

  @Option(help: ArgumentHelp("The column of pairs' second texts (default: sentence2).", valueName: "name"))
  var sentence2Column: String?

  @Option(help: ArgumentHelp("The column of pairs' scores (default: score).", valueName: "name"))
  var scoreColumn: String?

  package init() {}

  /// Reads the table at `path`.
  ///
  /// - Parameters:
  ///   - kind: what it must hold; nil: what its columns tell.
  ///   - warn: is told what was odd.
  package func read(_ path: String, as kind: Dataset.Kind? = nil, warn: (String) -> Void) throws -> Dataset {
    var reader = DatasetReader()
    reader.format = dataFormat
    reader.hasHeader = !noHeader
    reader.skipsBadRows = skipBad
    func set(_ column: WritableKeyPath<DatasetReader.ColumnNames, String>, _ name: String?) {
      if let name { reader.columns[keyPath: column] = name }
    }
    set(\.text, textColumn)
    set(\.label, labelColumn)
    set(\.anchor, anchorColumn)
    set(\.positive, positiveColumn)
    set(\.negative, negativeColumn)
    set(\.sentence1, sentence1Column)
    set(\.sentence2, sentence2Column)
    set(\.score, scoreColumn)
    let loaded = try reader.read(path, as: kind)
    loaded.warnings.forEach(warn)
    return loaded.dataset
  }
}

extension DatasetReader.Format: @retroactive ExpressibleByArgument {}
