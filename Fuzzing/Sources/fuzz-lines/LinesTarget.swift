// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import SwiftletFiles

nonisolated(unsafe) private let folder = ScratchFolder()

/// Reads the input as lines, and each line as JSON. Lines must be those of a split at LF; an error must name its line.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  folder.write(input, to: "lines")
  var expected = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  // The text after the last LF is a line only if it is not empty.
  if expected.last?.isEmpty == true { expected.removeLast() }

  var reader = try! LineReader(path: folder.path("lines"))
  for (index, line) in expected.enumerated() {
    // A carriage return belongs to the end of a line only before LF.
    let hasLineFeed = line.endIndex < count
    var bytes = Array(hasLineFeed && line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    if index == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    let text = String(validating: bytes, as: UTF8.self)
    allowingErrors {
      do {
        expect(reader.isLineWaiting(), "a line is waiting")
        guard let read = try reader.next() else { fatalError("EXPECTED: line \(index + 1)") }
        expect(text.map { Array($0.utf8) } == Array(read.utf8), "line \(index + 1) as it is")
        _ = try JSONParser.parse(Array(read.utf8))
      } catch let error as TextError {
        expect(text == nil && error.line == index + 1, "no error \(error)")
        throw error
      }
    }
    expect(reader.lineCount == index + 1, "line \(index + 1)")
  }
  expect(try! reader.next() == nil && reader.byteCount == count, "the end")
  return 0
}
