// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletFiles
import SwiftletWeights
import Testing

/// The second product, as programs use it.
struct FilesTests {
  private func withTemporaryPath(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "/file-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test func safetensorsRoundTrip() throws {
    try withTemporaryPath { path in
      let tensor = SafetensorsWriter.Tensor(name: "x", dtype: .i8, shape: [2, 2])
      try SafetensorsWriter.write([tensor], metadata: ["format": "pt"], to: path) { tensor, append in
        let bytes = ContiguousArray<UInt8>(repeating: 7, count: tensor.byteCount)
        try append(bytes.span.bytes)
      }
      let file = try SafetensorsFile(path: path)
      let found = try #require(file["x"])
      #expect(file.metadata == ["format": "pt"] && found.dtype == DType.i8 && found.shape == [2, 2])
      var bytes = ContiguousArray<UInt8>(repeating: 0, count: found.byteRange.count)
      var elements = bytes.mutableSpan
      var span = elements.mutableBytes
      try found.read(into: &span)
      #expect(bytes == [7, 7, 7, 7])
    }
  }

  @Test func linesAndErrors() throws {
    try withTemporaryPath { path in
      var file = try AtomicFile(path: path)
      try file.write(Array("{\"a\": 1}\n".utf8) + [0xFF, 0x0A])
      try file.commit()
      var lines = try LineReader(path: path)
      let line = try #require(try lines.next())
      #expect(try JSONParser.parse(Array(line.utf8)).object?["a"]?.int == 1)
      let error = #expect(throws: TextError.self) { try lines.next() }
      #expect(error?.path == path && error?.line == 2 && error?.reason == "line 2: byte 1 (0xFF) is not UTF-8")
      #expect(error?.remedy == "convert the text to UTF-8")
    }
  }
}
