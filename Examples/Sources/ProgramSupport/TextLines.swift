// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The texts in the lines of a file or of standard input.
///
/// A line is a text, an empty one too. In JSON Lines a line is an object with the text, and blank lines are skipped, as in
/// tables: they are no texts.
package struct TextLines: ~Copyable {
  /// The file, or the name of the stream.
  package var name: String { lines.name }
  /// The number of blank lines skipped so far.
  package private(set) var skippedLines = 0
  private var lines: LineReader
  private let jsonField: String?
  private let warn: (String) -> Void
  /// An error behind the texts of the last batch.
  private var failure: (any Error)?

  private static let mostTexts = 1024
  private static let mostBytes = 1 << 17

  /// A line of JSON Lines that holds no text.
  struct NoTextError: Error, CustomStringConvertible {
    let description: String
  }

  /// - Parameters:
  ///   - path: a file; "-" is standard input.
  ///   - jsonField: where the text is, if each line is a JSON object.
  ///   - warn: is told of oddities in the input.
  package init(path: String, jsonField: String?, warn: @escaping (String) -> Void) throws {
    lines = try path == "-" ? LineReader(descriptor: 0, name: "standard input") : LineReader(path: path)
    self.jsonField = jsonField
    self.warn = warn
  }

  /// How much of the input has been read, from 0 to 1; nil if its size is unknown.
  package var fractionRead: Double? {
    guard let size = lines.size else { return nil }
    return size == 0 ? 1 : Double(lines.byteCount) / Double(size)
  }

  /// Some texts and where they stand.
  package struct Batch {
    package fileprivate(set) var texts: [String] = []
    /// The line of each text, counted from 1.
    package fileprivate(set) var lineNumbers: [Int] = []
  }

  /// The next texts, at least one; nil at the end.
  ///
  /// A batch ends when it is large enough to keep all cores busy, or when no further complete line is waiting: a
  /// client that writes a line into a pipe gets its result before writing the next. An error in a line is thrown after the
  /// batch of the texts before it. Memory does not grow with the input.
  ///
  /// - Parameter waits: whether to wait for a text; else the batch may be empty.
  package mutating func nextBatch(waits: Bool = true) throws -> Batch? {
    var batch = Batch()
    var bytes = 0
    if let failure = failure.take() { throw failure }
    // Do not wait for a line after a blank one: the texts read so far are answered first.
    while waits && batch.texts.isEmpty
      || batch.texts.count < TextLines.mostTexts && bytes < TextLines.mostBytes && lines.isLineWaiting()
    {
      do {
        guard let line = try lines.next() else { return batch.texts.isEmpty ? nil : batch }
        guard let text = try text(of: line) else { continue }
        batch.texts.append(text)
        batch.lineNumbers.append(lines.lineCount)
        bytes += text.utf8.count
      } catch  where !batch.texts.isEmpty {
        failure = error
        break
      }
    }
    return batch
  }

  /// Says how many lines gave no text.
  package func warnOfSkippedLines() {
    guard skippedLines > 0 else { return }
    warn(
      "\(name): skipped \(skippedLines) blank \(skippedLines == 1 ? "line, which has" : "lines, which have") no result")
  }

  /// The next text, nil at the end.
  package mutating func next() throws -> String? {
    while let line = try lines.next() {
      if let text = try text(of: line) { return text }
    }
    return nil
  }

  /// The text of the line read last; nil for a blank line of JSON Lines.
  private mutating func text(of line: String) throws -> String? {
    if lines.lineCount == 1 && lines.hadByteOrderMark {
      warn("\(lines.name): starts with a byte order mark, which was dropped")
    }
    guard let jsonField else { return line }
    guard line.utf8.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else {
      skippedLines += 1
      return nil
    }
    return try text(ofJSON: line, field: jsonField)
  }

  private func text(ofJSON line: String, field: String) throws -> String {
    do {
      if let text = try JSONParser.parse(Array(line.utf8)).object?[field]?.string { return text }
    } catch {
      var error = error
      error.path = lines.name
      error.line = lines.lineCount
      throw error
    }
    throw NoTextError(
      description:
        "\(lines.name): line \(lines.lineCount): is no object with a string \(field.debugDescription)")
  }
}
