// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProgramSupport
import Swiftlet
import SwiftletFiles

/// What a text's tokens look like in the output.
enum TokenFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case ids, tokens, jsonl
}

/// Some of the texts, with the second texts of pairs.
struct TextPart: Sendable {
  let batch: InputOptions.Batch
  /// nil if there are no pairs.
  let seconds: [String]?
  /// Why there are fewer second texts.
  let failure: (any Error)?
  let format: TokenFormat

  struct Lines: Sendable {
    var bytes: [UInt8] = []
    /// The places of texts that were cut.
    var cut: [String] = []
    /// The error that comes after these lines.
    var failure: (any Error)?
  }

  /// The lines of the texts' tokens.
  func lines(_ tokenizer: Tokenizer, _ options: EncodingOptions) -> Lines {
    var lines = Lines(failure: failure)
    let texts = Array(batch.texts.prefix(seconds?.count ?? batch.texts.count))
    do {
      if format == .ids { return try ids(of: texts, tokenizer, options, lines) }
      for (index, text) in texts.enumerated() {
        let encoding = try tokenizer.encode(text, pair: seconds?[index], options: options)
        if encoding.isTruncated { lines.cut.append(batch.place(of: index)) }
        append(encoding, to: &lines.bytes)
      }
    } catch {
      lines.failure = error
    }
    return lines
  }

  /// Without tokens and offsets, which take most of the time.
  private func ids(
    of texts: [String], _ tokenizer: Tokenizer, _ options: EncodingOptions, _ lines: Lines
  ) throws -> Lines {
    let tokens = try tokenizer.encodeIDs(texts, pairs: seconds, options: options, threadCount: 1)
    var lines = lines
    lines.bytes.reserveCapacity(6 * tokens.ids.count)
    for index in texts.indices {
      if tokens.truncated[index] { lines.cut.append(batch.place(of: index)) }
      lines.bytes.append(tokens.ids[tokens.tokenRange(of: index)], separator: " ")
      lines.bytes.append(UInt8(ascii: "\n"))
    }
    return lines
  }

  private func append(_ encoding: Encoding, to bytes: inout [UInt8]) {
    if format == .tokens {
      bytes.append(encoding.tokens, separator: " ")
    } else {
      bytes += #"{"ids":["#.utf8
      bytes.append(encoding.ids, separator: ",")
      bytes += #"],"tokens":["#.utf8
      bytes.append(encoding.tokens, separator: ",") { JSONWriter.append($1, to: &$0) }
      bytes += #"],"offsets":["#.utf8
      bytes.append(encoding.offsets, separator: ",") { $0 += "[\($1.lowerBound),\($1.upperBound)]".utf8 }
      bytes += #"],"type_ids":["#.utf8
      bytes.append(encoding.typeIDs, separator: ",")
      bytes += "]}".utf8
    }
    bytes.append(UInt8(ascii: "\n"))
  }
}
