// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Swiftlet

/// How tables of texts are written, and what their columns are called.
package struct TableOptions: ParsableArguments {
  @Option(help: "How tables are written (default: as the file's name ends).")
  var dataFormat: DatasetReader.Format?

  @Option(help: ArgumentHelp("What separates the columns of CSV or TSV: a character, or tab.", valueName: "c"))
  var separator: FieldSeparator?

  @Flag(
    help: """
      Tables start with data: the columns are taken by their order, or by number with --anchor-column 1 and so on.
      """)
  var noHeader = false

  @Flag(help: "Skip and count bad rows; otherwise the first is an error.")
  var skipBad = false

  @Option(help: ArgumentHelp("The column of labeled texts (default: text).", valueName: "name"))
  var textColumn: String?

  @Option(help: ArgumentHelp("The column of labels (default: label).", valueName: "name"))
  var labelColumn: String?

  @Option(help: ArgumentHelp("The column of anchors (default: anchor, query or question).", valueName: "name"))
  var anchorColumn: String?

  @Option(
    help: ArgumentHelp(
      "The column of positives (default: positive, pos, document, passage or answer).", valueName: "name"))
  var positiveColumn: String?

  @Option(
    help: ArgumentHelp(
      "The column of negatives, and NAME_2 and so on of more (default: negative or neg).", valueName: "name"))
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
    reader.separator = separator?.scalar
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

/// A character between fields.
package struct FieldSeparator: ExpressibleByArgument {
  package let scalar: Unicode.Scalar

  /// Takes one ASCII character other than a quotation mark or a line end, or the word for a tab, which shells make hard to
  /// give.
  package init?(argument: String) {
    let scalars = argument.unicodeScalars
    if argument == "tab" || argument == "\\t" {
      scalar = "\t"
    } else if scalars.count == 1, let scalar = scalars.first, scalar.isASCII, !["\"", "\n", "\r"].contains(scalar) {
      self.scalar = scalar
    } else {
      return nil
    }
  }
}
