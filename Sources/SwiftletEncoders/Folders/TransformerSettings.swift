// SPDX-License-Identifier: Apache-2.0

internal import SwiftletFiles

/// sentence_bert_config.json, and what newer versions of sentence-transformers keep in tokenizer_config.json.
struct TransformerSettings {
  let maxSequenceLength: Int?
  let lowercasesText: Bool

  /// - Parameter config: the folder's config.json.
  init(folder: String, config transformer: ConfigurationReader) throws {
    var length: Int?
    var lowercases = false
    let path = joinPath(folder, "sentence_bert_config.json")
    if exists(path) {
      var config = try ConfigurationReader(path: path)
      length = config["max_seq_length"] == nil ? nil : config.integer("max_seq_length", in: 2...1 << 20)
      lowercases = config.bool("do_lower_case", default: false)
      config.expect("transformer_task", "feature-extraction")
      config.expect("module_output_name", "token_embeddings")
      try config.finish()
    }
    let positions = transformer["max_position_embeddings"]?.int ?? .max
    let tokenizerMaximum = try TransformerSettings.tokenizerMaximum(folder: folder)
    maxSequenceLength = length ?? tokenizerMaximum.map { min($0, positions) }
    lowercasesText = lowercases
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
