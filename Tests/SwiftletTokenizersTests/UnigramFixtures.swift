// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletTokenizers
import TestSupport

/// The names of the Unigram tokenizers under Fixtures/unigram/.
let unigramFixtures = ["multilingual", "spaces", "odd", "plain"]

/// The tokenizer.json of a Unigram fixture, with the map of characters put back.
func unigramFile(_ name: String) throws -> String {
  let text = try String(contentsOfFile: fixture("unigram/\(name)/tokenizer.json"), encoding: .utf8)
  let map = try String(contentsOfFile: fixture("unigram/nmt_nfkc.base64"), encoding: .utf8)
    .trimmingCharacters(in: .whitespacesAndNewlines)
  return text.replacingOccurrences(
    of: #""precompiled_charsmap":"""#, with: #""precompiled_charsmap":"\#(map)""#)
}

/// A Unigram fixture, with tokenizer_config.json if it is given.
func unigramTokenizer(_ name: String, configuration: String? = nil) throws -> Tokenizer {
  let folder = try TemporaryFolder()
  try folder.write(unigramFile(name), to: "tokenizer.json")
  if let configuration { try folder.write(configuration, to: "tokenizer_config.json") }
  return try Tokenizer(folder: folder.path)
}

/// A tokenizer.json with a Unigram model and nothing else; `parts` adds to it or replaces parts of it.
func unigramFile(pieces: [(String, Double)], parts: [String: String] = [:]) -> String {
  let vocabulary = ([("<unk>", -1), ("<s>", -1), ("</s>", -1)] + pieces).map { piece, score in
    "[\"\(piece)\",\(score)]"
  }
  let model = #"{"type":"Unigram","unk_id":0,"vocab":[\#(vocabulary.joined(separator: ","))]}"#
  let all = ["model": model].merging(parts) { $1 }.sorted { $0.key < $1.key }
  return "{\(all.map { "\"\($0)\":\($1)" }.joined(separator: ","))}"
}
