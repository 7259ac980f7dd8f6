// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Swiftlet

/// Which texts of a file are embedded.
struct Workload {
  let path: String
  /// Tokens a text, made of the file's words; nil: texts are its lines.
  let length: Int?
  /// Tokens of all texts together, at least; nil: each text once.
  let tokens: Int?
  let encoder: SentenceEncoder

  func texts() throws -> (texts: [String], tokenCount: Int) {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    let texts = length.map { Workload.texts(of: $0, from: lines) } ?? lines
    guard !texts.isEmpty else { throw ValidationError("\(path) has too few words; give more") }
    let counts = try texts.map { text in
      var batch = TokenBatch()
      try encoder.tokenizer.append(text, to: &batch, maxLength: encoder.maxLength)
      return batch.ids.count
    }
    guard let tokens else { return (texts, counts.reduce(0, +)) }
    var chosen: [String] = [], sum = 0
    while sum < tokens {
      let index = chosen.count % texts.count
      chosen.append(texts[index])
      sum += counts[index]
    }
    return (chosen, sum)
  }

  /// As many words as a text is to have tokens are enough: the encoder cuts what is beyond.
  private static func texts(of length: Int, from lines: [String]) -> [String] {
    let words = lines.flatMap { $0.split(separator: " ") }
    return stride(from: 0, to: words.count - length, by: length).map { first in
      words[first..<first + length].joined(separator: " ")
    }
  }
}
