// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The texts in the lines of a file or of standard input.
package struct TextLines: ~Copyable {
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

  /// The next texts, nil at the end.
  ///
  /// A batch ends when it is large enough to keep all cores busy, or when no further complete line is waiting: who
  /// writes a line into a pipe gets its result before writing the next. An error in a line is thrown after the batch of the
  /// texts before it. Memory does not grow with the input.
  package mutating func nextBatch() throws -> [String]? {
    var batch: [String] = []
    var bytes = 0
    if let failure = failure.take() { throw failure }
    repeat {
      do {
        guard let text = try next() else { break }
        batch.append(text)
        bytes += text.utf8.count
      } catch  where !batch.isEmpty {
        failure = error
        break
      }
    } while batch.count < TextLines.mostTexts && bytes < TextLines.mostBytes && lines.isLineWaiting()
    return batch.isEmpty ? nil : batch
  }

  /// The next line's text, nil at the end.
  package mutating func next() throws -> String? {
    guard let line = try lines.next() else { return nil }
    if lines.lineCount == 1 && lines.hadByteOrderMark {
      warn("\(lines.name): starts with a byte order mark, which was dropped")
    }
    return try jsonField.map { try text(ofJSON: line, field: $0) } ?? line
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
