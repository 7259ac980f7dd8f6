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

  /// A vector is not finite: a mapped table has such numbers, or sums of large weights overflow.
  struct NonFiniteVectorError: Error, CustomStringConvertible {
    /// The text's number, from 1.
    let number: Int

    var description: String {
      "text \(number): its vector has NaN or infinite numbers; the model's file may be damaged: download it again"
    }
  }

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
      for index in texts.indices { try VectorWriter.check(embeddings, index, from: count) }
      try embeddings.tensor.withSpan { try output.write($0.bytes) }
    } else {
      var truncated = embeddings.truncated[...]
      try output.write { [count] lines in
        // A number has some twelve bytes.
        lines.reserveCapacity(texts.count * 13 * dimension)
        for (i, text) in texts.enumerated() {
          try VectorWriter.check(embeddings, i, from: count)
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
      }
    }
    count += texts.count
  }

  private static func check(_ embeddings: Embeddings, _ index: Int, from count: Int) throws {
    guard embeddings[index].allSatisfy({ $0.isFinite }) else {
      throw NonFiniteVectorError(number: count + index + 1)
    }
  }

  /// Completes the header and the file.
  consuming func finish() throws {
    if let header = format.arrayHeader {
      try output.overwriteBeginning(header.bytes(rows: count, columns: dimension))
    }
    try output.finish()
  }
}
