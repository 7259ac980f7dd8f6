// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Swiftlet

/// The texts of a file that are embedded.
struct Workload {
  let path: String
  /// The number of tokens of each text, made of the file's words. nil: each line is a text.
  let length: Int?
  /// The minimum number of tokens of all texts together; nil: each text once.
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

  /// Takes `length` words a text. They give enough tokens, and the encoder cuts off the rest.
  private static func texts(of length: Int, from lines: [String]) -> [String] {
    let words = lines.flatMap { $0.split(separator: " ") }
    return stride(from: 0, to: words.count - length, by: length).map { first in
      words[first..<first + length].joined(separator: " ")
    }
  }
}
