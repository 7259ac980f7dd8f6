// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// How texts become tokens: sentence_bert_config.json, and what newer versions of sentence-transformers keep in
/// tokenizer_config.json.
package struct TransformerSettings: Sendable {
  /// The most tokens of a text, special ones included; nil if the folder does not say.
  let maxSequenceLength: Int?

  /// Whether texts are lowercased even if the tokenizer does not; `false` says nothing about the tokenizer.
  let lowercasesText: Bool

  /// The whole of sentence_bert_config.json: a copy of the folder keeps what is not read, too. nil if there is none.
  private let file: JSONObject?

  static let fileName = "sentence_bert_config.json"

  init(maxSequenceLength: Int, lowercasesText: Bool) {
    self.maxSequenceLength = maxSequenceLength
    self.lowercasesText = lowercasesText
    file = ["max_seq_length": .number(JSONNumber(maxSequenceLength)), "do_lower_case": .bool(lowercasesText)]
  }

  /// - Parameter positions: the most tokens of a text that the transformer takes.
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

  /// Writes sentence_bert_config.json. What tokenizer_config.json says is copied with the tokenizer.
  func write(to folder: String) throws {
    if let file { try JSONValue.object(file).write(to: joinPath(folder, TransformerSettings.fileName)) }
  }

  /// `model_max_length`, which the reference cuts to the model's positions; 10^30 stands for no maximum.
  private static func tokenizerMaximum(folder: String) throws -> Int? {
    let path = joinPath(folder, "tokenizer_config.json")
    guard exists(path) else { return nil }
    let length = try ConfigurationReader(path: path)["model_max_length"]
    guard let length = length?.int, 1...1 << 20 ~= length else { return nil }
    return length
  }
}
