// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import Swiftlet
import SwiftletFiles

nonisolated(unsafe) private let folder = ScratchFolder()

/// Reads the input as a CSV and a TSV table and, in each format, as a data set. An error must name its line. The CSV
/// fields, written anew in quotation marks, must read back equal.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  folder.write(input, to: "table")
  let lineFeeds = input.count { $0 == UInt8(ascii: "\n") }
  let csv = records(of: "table", .csv, lineLimit: lineFeeds + 1)
  _ = records(of: "table", .tsv, lineLimit: lineFeeds + 1)

  for format in DatasetReader.Format.allCases {
    for hasHeader in [true, false] { readDataset(format, hasHeader: hasHeader) }
  }

  // Skips fields with CRLF, which a quoted field reads back as LF.
  let fields = csv.map { $0.map { Array($0.utf8) } }
  let lineEnd = Array("\r\n".utf8)
  guard !fields.joined().contains(where: { $0.contains(lineEnd) }) else { return 0 }
  folder.write(fields.flatMap { Array($0.map(quoted).joined(separator: Array(",".utf8))) + lineEnd }, to: "again")
  let again = records(of: "again", .csv, lineLimit: .max)
  expect(again.map { $0.map { Array($0.utf8) } } == fields, "the same records again")
  return 0
}

/// Checks that a data set has rows, and that leave to skip bad rows changes nothing unless there are some.
private func readDataset(_ format: DatasetReader.Format, hasHeader: Bool) {
  var reader = DatasetReader()
  reader.format = format
  reader.hasHeader = hasHeader
  var strict: Dataset?
  allowingErrors { strict = try reader.read(folder.path("table")).dataset }
  reader.skipsBadRows = true
  allowingErrors {
    let loaded = try reader.read(folder.path("table"))
    expect(loaded.dataset.count > 0, "a data set without rows")
    expect((strict == nil) == (loaded.skippedRows > 0), "\(loaded.skippedRows) rows skipped")
    if let strict { expect(loaded.dataset.count == strict.count, "\(loaded.dataset.count) rows for \(strict.count)") }
    strict = nil
  }
  expect(strict == nil, "a data set that is none where rows may be skipped")
}

private func quoted(_ field: [UInt8]) -> [UInt8] {
  let mark = UInt8(ascii: "\"")
  return [mark] + field.flatMap { $0 == mark ? [mark, mark] : [$0] } + [mark]
}

/// Returns all records without an error. Checks that the lines they start in go up, from 1 to `lineLimit`.
private func records(of name: String, _ format: TableReader.Format, lineLimit: Int) -> [[String]] {
  var reader = TableReader(try! LineReader(path: folder.path(name)), format: format)
  var records: [[String]] = []
  var isAtEnd = false
  while !isAtEnd {
    let last = reader.line
    allowingErrors {
      do {
        guard let record = try reader.next() else { return isAtEnd = true }
        expect(!record.isEmpty && last < reader.line && reader.line <= lineLimit, "record of line \(reader.line)")
        records.append(record)
      } catch let error as TableError {
        expect(format == .csv && error.line > last && error.line <= lineLimit && error.column > 0, "no error \(error)")
        throw error
      }
    }
  }
  return records
}
