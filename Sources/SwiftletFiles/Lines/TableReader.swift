// SPDX-License-Identifier: Apache-2.0

/// Reads the records of a table in CSV (RFC 4180) or TSV one by one. Memory grows with the longest record only.
///
/// Lines are those of ``LineReader``. In CSV a field that starts with a quotation mark ends with one. The text between
/// is the field, line breaks included (CRLF as LF); a doubled mark stands for one. In TSV a tab always ends a field. An
/// empty line is a record of one empty field. Other characters than comma and tab can separate the fields.
public struct TableReader: ~Copyable {
  /// How records are written.
  public enum Format: Sendable {
    /// Fields with commas between them, in quotation marks where needed (RFC 4180).
    case csv
    /// Fields with tabs between them, never quoted.
    case tsv
  }

  /// The line, counted from 1, in which the last record starts; 0 before the first.
  public private(set) var line = 0

  /// The number of bytes read so far.
  public var byteCount: Int { lines.byteCount }

  private var lines: LineReader
  private let format: Format
  private let separator: FieldSeparator

  private let maximumLength: Int
  /// Where the last record starts, in bytes.
  private var start = 0

  /// A reader of the records that the lines hold.
  ///
  /// - Parameters:
  ///   - lines: the lines, from the start of the table.
  ///   - format: how the records are written.
  ///   - separator: the character that ends a field: ASCII, but no quotation mark and no line end; nil: a comma in CSV,
  ///     a tab in TSV.
  ///   - maximumLength: the maximum number of bytes of a record, not counting the line it ends in.
  public init(
    _ lines: consuming LineReader, format: Format, separator: Unicode.Scalar? = nil, maximumLength: Int = 1 << 28
  ) {
    self.lines = lines
    self.format = format
    self.separator = separator.map(FieldSeparator.init) ?? (format == .csv ? .comma : .tab)
    self.maximumLength = maximumLength
  }

  /// The fields of the next record, at least one; nil after the last record. After an error the next call continues
  /// with the first line not read yet.
  ///
  /// - Throws: the errors of ``LineReader/next()``; ``TableError`` for misplaced or missing quotation marks, and for a
  ///   record that is too long.
  public mutating func next() throws -> [String]? {
    start = lines.byteCount
    guard let text = try lines.next() else { return nil }
    line = lines.lineCount
    switch format {
    case .tsv: return separator.split(text)
    case .csv: return try record(startingWith: text)
    }
  }

  private mutating func record(startingWith text: String) throws -> [String] {
    var fields: [String] = []
    var rest = Substring(text).utf8
    let separator = separator.byte
    while true {
      let field: Substring.UTF8View
      if rest.first == UInt8(ascii: "\"") {
        fields.append(try quotedField(&rest))
        field = rest.prefix { $0 != separator }
        if !field.isEmpty { throw error(problem(afterQuote: rest), at: rest) }
      } else {
        field = rest.prefix { $0 != separator }
        if let mark = field.firstIndex(of: UInt8(ascii: "\"")) { throw error(.quoteInField, at: rest[mark...]) }
        fields.append(String(Substring(field)))
      }
      rest = rest[field.endIndex...]
      guard rest.popFirst() != nil else { return fields }
    }
  }

  /// Removes a quoted field from the start of `rest` and returns it. If the field ends in a later line, `rest` becomes
  /// the rest of that line.
  private mutating func quotedField(_ rest: inout Substring.UTF8View) throws -> String {
    let opening = rest, openingLine = lines.lineCount
    rest.removeFirst()
    var field: [UInt8] = []
    while true {
      let part = rest.prefix { $0 != UInt8(ascii: "\"") }
      field += part
      rest = rest[part.endIndex...]
      if rest.popFirst() != nil {
        guard rest.first == UInt8(ascii: "\"") else { return String(decoding: field, as: UTF8.self) }
        field.append(rest.removeFirst())
      } else {
        guard lines.byteCount - start <= maximumLength else {
          throw error(.tooLong(limit: maximumLength), at: opening, line: openingLine)
        }
        guard let next = try lines.next() else { throw error(.unterminatedQuote, at: opening, line: openingLine) }
        field.append(UInt8(ascii: "\n"))
        rest = Substring(next).utf8
      }
    }
  }

  /// What is wrong with the text that follows a quoted field.
  private func problem(afterQuote rest: Substring.UTF8View) -> TableError.Problem {
    let other = FieldSeparator.usual.first { $0.byte == rest.first }
    return other.map { .otherSeparator($0, expected: separator) } ?? .textAfterQuote
  }

  /// An error at the start of `rest`, a part of the line read last or of `line`.
  private func error(_ problem: TableError.Problem, at rest: Substring.UTF8View, line: Int? = nil) -> TableError {
    let before = Substring(rest).base[..<rest.startIndex]
    return TableError(
      path: lines.name, line: line ?? lines.lineCount, column: before.unicodeScalars.count + 1, problem: problem)
  }
}
