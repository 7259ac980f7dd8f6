// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import TestSupport
import Testing

struct TableReaderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func reader(_ text: String, _ format: TableReader.Format = .csv) throws -> TableReader {
    let path = folder.path("table")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return TableReader(try LineReader(path: path), format: format)
  }

  private func records(_ text: String, _ format: TableReader.Format = .csv) throws -> [[String]] {
    var reader = try reader(text, format)
    var records: [[String]] = []
    while let record = try reader.next() { records.append(record) }
    return records
  }

  /// A table that Python's csv module wrote.
  @Test func readsWhatTheReferenceWrites() throws {
    var reader = TableReader(try LineReader(path: fixture("table.csv")), format: .csv)
    let json = try JSONParser.parse(path: fixture("table.json"), limit: 1 << 20)
    let expected = try #require(json.array).map { ($0.array ?? []).map { $0.string ?? "" } }
    #expect(expected.count == 300)
    for record in expected {
      let read = try reader.next()
      #expect(read?.map { Array($0.utf8) } == record.map { Array($0.utf8) })
    }
    #expect(try reader.next() == nil)
  }

  @Test(arguments: [
    ("", []),
    ("a,b\n", [["a", "b"]]),
    ("\u{FEFF}\"a\",b\r\n", [["a", "b"]]),
    (",\n\n\"\"", [["", ""], [""], [""]]),
    ("\"a\r\nb\",\"c\n\nd\"", [["a\nb", "c\n\nd"]]),
    ("\"\"\"\",\"a\"\"b\"", [["\"", "a\"b"]]),
    ("e,\u{301},\u{200D}\n", [["e", "\u{301}", "\u{200D}"]]),
  ])
  func readsCSV(text: String, expected: [[String]]) throws {
    let read = try records(text)
    #expect(read.map { $0.map { Array($0.utf8) } } == expected.map { $0.map { Array($0.utf8) } })
  }

  @Test func tabsAlwaysEndAFieldInTSV() throws {
    #expect(try records("a\t\"b\t\n\tc,d", .tsv) == [["a", "\"b", ""], ["", "c,d"]])
  }

  @Test(
    arguments: [
      (";", "a;\"b;\"\"\n\";c,d\t|\n;", [["a", "b;\"\n", "c,d\t|"], ["", ""]]), ("\t", "\"a\tb\"\tc", [["a\tb", "c"]]),
      ("|", "a||e|\u{301}", [["a", "", "e", "\u{301}"]]), (" ", "a b", [["a", "b"]]),
    ] as [(Unicode.Scalar, String, [[String]])])
  func otherSeparators(separator: Unicode.Scalar, text: String, expected: [[String]]) throws {
    let path = folder.path("table")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    var reader = TableReader(try LineReader(path: path), format: .csv, separator: separator), records: [[String]] = []
    while let record = try reader.next() { records.append(record) }
    #expect(records == expected)
    // Without line breaks and marks in fields, TSV is the same.
    guard !text.contains("\"") else { return }
    reader = TableReader(try LineReader(path: path), format: .tsv, separator: separator)
    #expect(try reader.next() == expected[0])
  }

  @Test func aSeparatorAfterAQuotedFieldIsNamed() throws {
    let semicolon = FieldSeparator(";")
    let error = #expect(throws: TableError.self) { _ = try records("\"a\";\"b\"\n") }
    #expect(error?.problem == .otherSeparator(semicolon, expected: .comma) && error?.column == 4)
    #expect(
      error?.description.hasSuffix(
        "line 1, column 4: semicolons after quoted fields, where commas are expected; if semicolons separate the "
          + "columns, give \";\" as the separator") == true)
  }

  @Test(arguments: [
    ("a,b\nc,é\"d\n", 2, 4, TableError.Problem.quoteInField),
    ("\"a\"b,c", 1, 4, .textAfterQuote),
    ("a\n\"b\nc\" ,d", 3, 3, .textAfterQuote),
    ("a,\"b\nc", 1, 3, .unterminatedQuote),
  ])
  func namesLineAndColumn(text: String, line: Int, column: Int, reason: TableError.Problem) throws {
    let error = #expect(throws: TableError.self) { _ = try records(text) }
    #expect(error.map { [$0.line, $0.column] } == [line, column] && error?.problem == reason)
    #expect(error?.description.contains("\n") == false)
  }

  @Test func aRecordThatIsTooLongIsAnErrorAndTheNextOneIsRead() throws {
    let path = folder.path("table")
    let text = "a,b\nc,\"" + String(repeating: "x\n", count: 100) + "\"\nd,e\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    var reader = TableReader(try LineReader(path: path), format: .csv, maximumLength: 50)
    #expect(try reader.next() == ["a", "b"])
    let error = #expect(throws: TableError.self) { _ = try reader.next() }
    #expect(error?.problem == .tooLong(limit: 50) && error?.line == 2 && error?.column == 3)
    var records: [[String]] = []
    while true {
      do {
        guard let record = try reader.next() else { break }
        records.append(record)
      } catch is TableError {}
    }
    #expect(records.first == ["x"])
    #expect(records.count < 100)
  }

  @Test func goesOnBehindALineThatIsTooLong() throws {
    for (format, long) in [
      (TableReader.Format.csv, "\"\(String(repeating: "x", count: 200))\""),
      (.tsv, "x\t" + String(repeating: "x", count: 200)),
    ] {
      let path = folder.path("table")
      try Data("a\n\(long)\nb\n".utf8).write(to: URL(fileURLWithPath: path))
      var reader = TableReader(try LineReader(path: path, maximumLength: 100), format: format)
      #expect(try reader.next() == ["a"])
      #expect(throws: TextError.self) { _ = try reader.next() }
      #expect(try reader.next() == ["b"])
      #expect(try reader.next() == nil)
    }
  }

  @Test func goesOnBehindAnError() throws {
    var reader = try reader("a\"\nb,c\n")
    #expect(throws: TableError.self) { _ = try reader.next() }
    #expect(try reader.next() == ["b", "c"])
    #expect(reader.line == 2)
  }
}
