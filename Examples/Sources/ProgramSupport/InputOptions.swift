// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Swiftlet

/// Where texts come from: arguments, or the lines of a file or of standard input.
package struct InputOptions: ParsableArguments {
  @Argument(help: "The texts.")
  package var texts: [String] = []

  @Option(
    help: ArgumentHelp("Read texts from a file, one a line; \"-\" is standard input.", valueName: "file"))
  package var input: String?

  @Option(help: ArgumentHelp("Read --input as JSON Lines, the text in this field.", valueName: "name"))
  package var jsonField: String?

  package init() {}

  package func validate() throws {
    if texts.isEmpty == (input == nil) {
      throw ValidationError(texts.isEmpty ? "give texts, or --input" : "give texts or --input, not both")
    }
    if jsonField != nil && input == nil {
      throw ValidationError("--json-field goes with --input")
    }
    for index in 1..<max(1, Int(CommandLine.argc)) {
      if let argument = CommandLine.unsafeArgv[index], String(validatingCString: argument) == nil {
        throw ValidationError("argument \(index) is not UTF-8")
      }
    }
  }

  /// Passes all texts to `body`, batch by batch, with the part of the input read so far where that is known.
  ///
  /// - Parameter warn: is told of oddities in the input.
  package func forEachBatch(
    warn: @escaping (String) -> Void, _ body: (_ texts: [String], _ fractionRead: Double?) throws -> Void
  ) throws {
    guard let input else { return try body(texts, nil) }
    var lines = try TextLines(path: input, jsonField: jsonField, warn: warn)
    while let batch = try lines.nextBatch() {
      try body(batch, lines.fractionRead)
    }
  }
}
