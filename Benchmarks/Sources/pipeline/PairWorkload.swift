// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet

/// Pairs of lines of two files, scored by a cross-encoder.
struct PairWorkload {
  let encoder: CrossEncoder
  let pairs: [(String, String)]
  let tokenCount: Int

  init(model: String, settings: CrossEncoderSettings, first: String, second: String) throws {
    encoder = try CrossEncoder(folder: model, settings: settings)
    func lines(_ path: String) throws -> [String] {
      try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }
    pairs = Array(zip(try lines(first), try lines(second)))
    let tokenizer = try Tokenizer(folder: model), options = EncodingOptions(maxLength: encoder.maxLength)
    tokenCount = try pairs.reduce(0) { try $0 + tokenizer.encode($1.0, pair: $1.1, options: options).count }
  }

  /// The logits, one a line.
  func logits() throws -> String {
    try encoder.scores(of: pairs, asLogits: true).map { "\($0[0])\n" }.joined()
  }
}
