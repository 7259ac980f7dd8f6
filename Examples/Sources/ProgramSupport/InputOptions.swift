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

  @Option(
    help: ArgumentHelp(
      "Read --input as JSON Lines, the text in this field. Blank lines are no texts: they give no result.",
      valueName: "name"))
  package var jsonField: String?

  package init() {}

  /// A usage error unless there are either texts or a file. Call it where a command needs texts.
  package func check() throws {
    if texts.isEmpty == (input == nil) {
      throw ValidationError(texts.isEmpty ? "give texts, or --input" : "give texts or --input, not both")
    }
  }

  package func validate() throws {
    if jsonField != nil && input == nil {
      throw ValidationError("--json-field goes with --input")
    }
    for index in 1..<max(1, Int(CommandLine.argc)) {
      if let argument = CommandLine.unsafeArgv[index], String(validatingCString: argument) == nil {
        throw ValidationError("argument \(index) is not UTF-8")
      }
    }
  }

  /// Some of the texts.
  package struct Batch: Sendable {
    package let texts: [String]
    /// The part of the input that is read so far; nil if its size is unknown.
    package let fractionRead: Double?
    /// The line of each text; nil for arguments.
    fileprivate let lineNumbers: [Int]?

    /// Where the text of this index stands, for messages: "line 7", or "text 2" for an argument.
    package func place(of index: Int) -> String { line(of: index).map { "line \($0)" } ?? "text \(index + 1)" }

    /// The line of the text of this index, counted from 1; nil for an argument.
    package func line(of index: Int) -> Int? { lineNumbers?[index] }
  }

  /// Passes all texts to `body`, batch by batch.
  ///
  /// - Parameter warn: is told of oddities in the input.
  package func forEachBatch(warn: @escaping (String) -> Void, _ body: (Batch) throws -> Void) throws {
    guard let input else { return try body(Batch(texts: texts, fractionRead: nil, lineNumbers: nil)) }
    var lines = try TextLines(path: input, jsonField: jsonField, warn: warn)
    while let batch = try lines.nextBatch() {
      try body(Batch(texts: batch.texts, fractionRead: lines.fractionRead, lineNumbers: batch.lineNumbers))
    }
    lines.warnOfSkippedLines()
  }

  /// Works on all texts, on several batches at a time, and passes the results to `body` in order.
  ///
  /// - Parameters:
  ///   - threads: as many batches are worked on at a time.
  ///   - warn: is told of oddities in the input.
  ///   - prepare: turns a batch, in order, into the work on it.
  /// - Throws: the first error in the order of the texts, after the results before it have been passed on.
  package func forEachBatch<Output: Sendable>(
    threads: Int, warn: @escaping (String) -> Void, prepare: (Batch) throws -> @Sendable () throws -> Output,
    _ body: (Output) throws -> Void
  ) throws {
    guard let input else { return try body(prepare(Batch(texts: texts, fractionRead: nil, lineNumbers: nil))()) }
    var lines = try TextLines(path: input, jsonField: jsonField, warn: warn),
      work = OrderedWork<Output>(threads: threads)
    var failure: (any Error)?, isIdle = false
    while failure == nil {
      // A client that writes a line into a pipe waits for its result.
      while work.isFull || isIdle && !work.isEmpty { try body(work.next()) }
      do {
        guard let batch = try lines.nextBatch(waits: work.isEmpty) else { break }
        isIdle = batch.texts.isEmpty
        if isIdle { continue }
        work.add(
          try prepare(Batch(texts: batch.texts, fractionRead: lines.fractionRead, lineNumbers: batch.lineNumbers)))
      } catch {
        failure = error
      }
    }
    while !work.isEmpty { try body(work.next()) }
    if let failure { throw failure }
    lines.warnOfSkippedLines()
  }
}
