// SPDX-License-Identifier: Apache-2.0

import ProgramSupport
import Swiftlet
import SwiftletFiles

/// Writes vectors in a format, batch by batch. What `write` was given has left the process when it returns.
struct VectorWriter: ~Copyable {
  /// How many vectors are written.
  private(set) var count = 0
  private let format: Format
  private let dimension: Int
  private let output: Output

  init(format: Format, dimension: Int, output: consuming Output) throws {
    self.format = format
    self.dimension = dimension
    self.output = output
    if let header = format.arrayHeader {
      try self.output.write(header.bytes(rows: 0, columns: dimension))
    }
  }

  mutating func write(_ texts: [String], _ embeddings: Embeddings) throws {
    if format.arrayHeader != nil {
      try embeddings.tensor.withSpan { try output.write($0.bytes) }
    } else {
      var truncated = embeddings.truncated[...]
      var lines: [UInt8] = []
      // A number has some twelve bytes.
      lines.reserveCapacity(texts.count * 13 * dimension)
      for (i, text) in texts.enumerated() {
        if format == .text {
          lines.append(embeddings[i], separator: " ")
        } else {
          lines += #"{"text":"#.utf8
          JSONWriter.append(text, to: &lines)
          lines += #","embedding":["#.utf8
          lines.append(embeddings[i], separator: ",")
          lines += "],\"truncated\":\(truncated.first == i)}".utf8
        }
        lines.append(UInt8(ascii: "\n"))
        if truncated.first == i { truncated.removeFirst() }
      }
      try output.write(lines)
    }
    count += texts.count
  }

  /// Completes the header and the file.
  consuming func finish() throws {
    if let header = format.arrayHeader {
      try output.overwriteBeginning(header.bytes(rows: count, columns: dimension))
    }
    try output.finish()
  }
}
