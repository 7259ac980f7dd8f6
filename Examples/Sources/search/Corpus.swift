// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SwiftletFiles

/// How a corpus is written.
enum CorpusFormat: String, ExpressibleByArgument, CaseIterable {
  /// A text a line.
  case text
  case csv, tsv, jsonl

  /// The format that a file's name tells.
  init(fileName: String) {
    let name = fileName.lowercased()
    self =
      if name.hasSuffix(".csv") {
        .csv
      } else if name.hasSuffix(".tsv") || name.hasSuffix(".tab") {
        .tsv
      } else if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") {
        .jsonl
      } else {
        .text
      }
  }
}

/// Reads a corpus document by document. Memory does not grow with it.
final class CorpusReader {
  /// A document of a corpus.
  struct Entry {
    /// nil if the corpus has no ids.
    let id: String?
    let text: String
    /// The other columns.
    let metadata: JSONObject
    /// The line in which it starts, counted from 1.
    let line: Int
  }

  private let path: String
  private let textColumn: String?
  private let idColumn: String?
  private let isJSON: Bool
  private let size: Int?

  /// The lines of a text or of JSON Lines; nil for a table.
  private var lines: LineReader?
  private var table: TableReader?
  /// The columns of a table.
  private let header: Header?
  private var line = 0
  private var bytesRead = 0
  /// The first row of a table without a header, until it is asked for.
  private var firstRow: [String]?

  private struct Header {
    let names: [String]
    let text: Int
    let id: Int?
  }

  /// - Parameters:
  ///   - separator: what ends a field of a table; nil: as its format says.
  ///   - hasHeader: whether a table's first row names its columns; else they are called by their numbers.
  init(
    _ path: String, _ format: CorpusFormat, separator: Unicode.Scalar? = nil, hasHeader: Bool = true,
    textColumn: String? = nil, idColumn: String? = nil
  ) throws {
    let lines = try LineReader(path: path), size = lines.size
    var header: Header?
    switch format {
    case .text, .jsonl: self.lines = consume lines
    case .csv, .tsv:
      var table = TableReader(lines, format: format == .csv ? .csv : .tsv, separator: separator)
      let first = try table.next() ?? []
      if hasHeader {
        header = try CorpusReader.header(first, textColumn, idColumn, path)
      } else {
        header = try CorpusReader.header((1...max(1, first.count)).map(String.init), textColumn ?? "1", idColumn, path)
        firstRow = first.isEmpty ? nil : first
      }
      self.table = consume table
    }
    self.header = header
    self.path = path
    self.textColumn = textColumn
    self.idColumn = idColumn
    self.size = size
    isJSON = format == .jsonl
  }

  private static func header(
    _ names: [String], _ textColumn: String?, _ idColumn: String?, _ path: String
  ) throws -> Header {
    func place(_ name: String) throws -> Int {
      if let place = names.firstIndex(of: name) { return place }
      let found = names.prefix(8).map { $0.debugDescription }.joined(separator: ", ")
      throw CorpusError(
        place: "\(path): line 1", reason: "there is no column \(name.debugDescription), but \(found)",
        remedy: "name one with --text-column or --id-column")
    }
    if let repeated = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw CorpusError(
        place: "\(path): line 1", reason: "two columns are called \(repeated.debugDescription)", remedy: "rename one")
    }
    let text = textColumn == nil && names.count == 1 ? 0 : try place(textColumn ?? "text")
    return Header(names: names, text: text, id: try idColumn.map(place) ?? names.firstIndex(of: "id"))
  }

  /// How much of the file has been read, from 0 to 1; nil if its size is unknown.
  var fractionRead: Double? {
    size.map { $0 == 0 ? 1 : Double(bytesRead) / Double($0) }
  }

  /// Whether a text or JSON Lines start with a byte order mark.
  private(set) var hadByteOrderMark = false

  /// The next good document; nil after the last. Counts the bad ones before it.
  func next(skippingBad skipped: inout Int) throws -> Entry? {
    while true {
      do {
        return try next()
      } catch  where error is CorpusError || error is TextError || error is TableError || error is JSONError {
        skipped += 1
      }
    }
  }

  /// The next document; nil after the last. After an error the next call gives the one that follows.
  func next() throws -> Entry? {
    if let header {
      while let fields = try firstRow.take() ?? table?.next() {
        line = table?.line ?? 0
        bytesRead = table?.byteCount ?? 0
        if fields != [""] || header.names.count == 1 { return try entry(fields, header) }
      }
      return nil
    }
    while let text = try lines?.next() {
      line = lines?.lineCount ?? 0
      bytesRead = lines?.byteCount ?? 0
      hadByteOrderMark = lines?.hadByteOrderMark ?? false
      guard isJSON else { return Entry(id: nil, text: text, metadata: [:], line: line) }
      if text.utf8.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) { return try entry(text) }
    }
    return nil
  }

  private func entry(_ fields: [String], _ header: Header) throws -> Entry {
    guard fields.count == header.names.count else {
      throw error(
        "\(fields.count) fields, where the header has \(header.names.count)", "quote fields that hold a separator")
    }
    var metadata = JSONObject()
    for (place, name) in header.names.enumerated() where place != header.text && place != header.id {
      metadata[name] = value(fields[place])
    }
    return Entry(id: header.id.map { fields[$0] }, text: fields[header.text], metadata: metadata, line: line)
  }

  /// A number where the field is one as JSON writes them; nothing where it is empty; else a text.
  private func value(_ field: String) -> JSONValue? {
    if field.isEmpty { return nil }
    let mayBeNumber = field.utf8.first.map { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) } ?? false
    if mayBeNumber, let value = try? JSONParser.parse(Array(field.utf8)), case .number = value { return value }
    return .string(field)
  }

  private func entry(_ json: String) throws -> Entry {
    let value: JSONValue
    do {
      value = try JSONParser.parse(Array(json.utf8))
    } catch {
      var error = error
      error.path = path
      error.line = line
      throw error
    }
    guard let object = value.object else { throw error("is no object", "write one a line") }
    let name = textColumn ?? "text"
    guard let text = object[name]?.string else {
      throw error("has no string \(name.debugDescription)", "name the member with --text-column")
    }
    let id: String?
    switch object[idColumn ?? "id"] {
    case .string(let text): id = text
    case .number(let number): id = number.text
    case nil where idColumn == nil: id = nil
    default: throw error("has an id that is no string or number", "give each document one")
    }
    var metadata = JSONObject()
    for member in object.members where member.key != name && member.key != (idColumn ?? "id") {
      metadata[member.key] = member.value
    }
    return Entry(id: id, text: text, metadata: metadata, line: line)
  }

  /// An error in the document read last.
  func error(_ reason: String, _ remedy: String) -> CorpusError {
    CorpusError(place: "\(path): line \(line)", reason: reason, remedy: remedy)
  }
}

/// A document of a corpus that cannot be indexed.
struct CorpusError: Error, CustomStringConvertible {
  let place: String
  let reason: String
  let remedy: String

  var description: String { "\(place): \(reason); \(remedy)" }
}
