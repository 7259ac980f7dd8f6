// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The maximum length and lowercasing of texts, from sentence_bert_config.json. Newer versions of sentence-transformers
/// keep the maximum length in tokenizer_config.json.
package struct TransformerSettings: Sendable {
  /// The maximum number of tokens of a text, including special tokens; nil if the folder does not say.
  let maxSequenceLength: Int?

  /// Whether texts are lowercased before the tokenizer. If false, the tokenizer may still lowercase them.
  let lowercasesText: Bool

  /// The whole of sentence_bert_config.json, so that a copy keeps keys that are not read; nil if there is no file.
  private let file: JSONObject?

  static let fileName = "sentence_bert_config.json"

  /// No maximum, and texts as they are.
  init() {
    maxSequenceLength = nil
    lowercasesText = false
    file = nil
  }

  init(maxSequenceLength: Int, lowercasesText: Bool) {
    self.maxSequenceLength = maxSequenceLength
    self.lowercasesText = lowercasesText
    file = ["max_seq_length": .number(JSONNumber(maxSequenceLength)), "do_lower_case": .bool(lowercasesText)]
  }

  /// - Parameter positions: the maximum number of tokens that the transformer accepts.
  init(folder: String, positions: Int) throws {
    var file: JSONObject?
    var length: Int?
    var lowercases = false
    let path = joinPath(folder, TransformerSettings.fileName)
    if exists(path) {
      var config = try ConfigurationReader(path: path)
      file = config.object
      length = config["max_seq_length"] == nil ? nil : config.integer("max_seq_length", in: 2...1 << 20)
      lowercases = config.bool("do_lower_case", default: false)
      config.expect("transformer_task", "feature-extraction")
      config.expect("module_output_name", "token_embeddings")
      try config.finish()
    }
    self.file = file
    let tokenizerMaximum = try TransformerSettings.tokenizerMaximum(folder: folder)
    maxSequenceLength = length ?? tokenizerMaximum.map { min($0, positions) }
    lowercasesText = lowercases
  }

  /// Writes sentence_bert_config.json. The tokenizer's files, with tokenizer_config.json, are copied separately.
  func write(to folder: String) throws {
    if let file { try JSONValue.object(file).write(to: joinPath(folder, TransformerSettings.fileName)) }
  }

  /// The value of `model_max_length`, which the reference limits to the model's positions. A value of 10^30 means no
  /// maximum.
  private static func tokenizerMaximum(folder: String) throws -> Int? {
    let path = joinPath(folder, "tokenizer_config.json")
    guard exists(path) else { return nil }
    let length = try ConfigurationReader(path: path)["model_max_length"]
    guard let length = length?.int, 1...1 << 20 ~= length else { return nil }
    return length
  }
}
