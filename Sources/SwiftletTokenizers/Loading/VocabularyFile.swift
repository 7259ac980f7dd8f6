// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// A vocab.txt file: one token a line. The id of a token is the number of its line, counted from 0.
///
/// It is read as the reference does: lines end with LF or CRLF, white space at the end of a line is dropped, a blank
/// line keeps its id, the last line needs no LF, and a token that occurs twice has its last id.
struct VocabularyFile {
  let vocabulary: Vocabulary
  let warnings: [String]

  private static let maximumByteCount = 1 << 26

  init(path: String) throws {
    let bytes = try InputFile(path: path).readAll(limit: Self.maximumByteCount)
    var warnings: [String] = []
    // A byte order mark is dropped below.
    if let content = ForeignContent(bytes), content != .byteOrderMark {
      throw TokenizerError.foreignVocabulary(path: path, content: content)
    }
    if let invalid = firstInvalidUTF8(in: bytes.span) {
      let newlines = bytes[..<invalid].reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
      throw TokenizerError.invalidVocabularyLine(path: path, line: newlines + 1)
    }
    let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
    if hasMark { warnings.append("\(escaped(path)): dropped the byte order mark") }
    let places = Self.lines(of: bytes, from: hasMark ? 3 : 0)
    guard !places.isEmpty else { throw TokenizerError.emptyVocabulary(path: path) }
    guard places.count <= Vocabulary.maximumTokenCount else {
      throw TokenizerError.invalidVocabulary(path: path, problem: "more than \(Vocabulary.maximumTokenCount) lines")
    }
    vocabulary = try Vocabulary(bytes: bytes, places: places, path: path)
    if let duplicates = vocabulary.duplicates {
      warnings.append(
        "\(escaped(path)): \(duplicates.count) tokens occur twice, as \(quoted(duplicates.first)); "
          + "the last line counts")
    }
    self.warnings = warnings
  }

  private static func lines(of bytes: ContiguousArray<UInt8>, from start: Int) -> ContiguousArray<Vocabulary.Place?> {
    var places: ContiguousArray<Vocabulary.Place?> = []
    let bytes = bytes.span
    var lineStart = start
    while lineStart < bytes.count {
      let lineEnd = firstOffset(of: UInt8(ascii: "\n"), in: bytes, from: lineStart) ?? bytes.count
      places.append(Vocabulary.Place(lineStart..<endWithoutWhitespace(bytes, lineStart..<lineEnd)))
      lineStart = lineEnd + 1
    }
    return places
  }

  /// The end of `line`, valid UTF-8, without its trailing white space.
  private static func endWithoutWhitespace(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Int {
    var end = line.upperBound
    while end > line.lowerBound {
      if 0x21..<0x80 ~= bytes[end - 1] { break }
      var last = end - 1
      while last > line.lowerBound, bytes[last] & 0xC0 == 0x80 { last -= 1 }
      guard let (scalar, _) = try? bytes.scalar(at: last),
        UnicodeTables.shared.properties(of: scalar).isWhitespace
      else { break }
      end = last
    }
    return end
  }
}
