// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles

/// The maximum length and lowercasing of texts, from sentence_bert_config.json or one of its older names. Newer versions
/// of sentence-transformers keep the maximum length in tokenizer_config.json.
///
/// Source: sentence-transformers 6.2, base/modules/transformer.py.
package struct TransformerSettings: Sendable {
  /// The maximum number of tokens of a text, including special tokens; nil if the folder does not say.
  let maxSequenceLength: Int?

  /// Whether texts are lowercased before the tokenizer. If false, the tokenizer may still lowercase them.
  let lowercasesText: Bool

  /// The whole file, so that a copy keeps keys that are not read; nil if there is no file.
  private let file: JSONObject?

  static let fileName = "sentence_bert_config.json"

  /// The first of these with a key in it is read.
  private static let fileNames = ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"].map {
    "sentence_\($0)_config.json"
  }

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

  /// - Parameters:
  ///   - positions: the maximum number of tokens that the transformer accepts.
  ///   - readsFile: whether sentence_bert_config.json counts, as it does beside a modules.json.
  init(folder: String, of kind: ModelKind, positions: Int, readsFile: Bool) throws {
    var file: JSONObject?
    var length: Int?
    var lowercases = false
    if readsFile, var config = try TransformerSettings.configuration(folder: folder) {
      file = config.object
      length = config["max_seq_length"] == nil ? nil : config.integer("max_seq_length", in: 2...1 << 20)
      lowercases = config.bool("do_lower_case", default: false)
      TransformerSettings.checkOutputs(&config, of: kind)
      if let setting = TransformerSettings.readArguments(&config) { length = setting }
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

  private static func configuration(folder: String) throws -> ConfigurationReader? {
    var empty: ConfigurationReader?
    for path in fileNames.map({ joinPath(folder, $0) }) where exists(path) {
      let config = try ConfigurationReader(path: path)
      if !config.object.members.isEmpty { return config }
      empty = empty ?? config
    }
    return empty
  }

  /// Only the last hidden states of a text are computed, or the logits of a pair.
  private static func checkOutputs(_ config: inout ConfigurationReader, of kind: ModelKind) {
    let (module, output) =
      kind == .crossEncoder ? ("scores", "logits") : ("token_embeddings", "last_hidden_state")
    config.expect("transformer_task", kind.transformerTask)
    config.expect("module_output_name", module)
    if let value = config["modality_config"] {
      let text = value.object?["text"]?.object
      config.expect("modality_config.text.method", text?["method"], "forward")
      config.expect("modality_config.text.method_output_name", text?["method_output_name"], output)
      if value.object?["message"] != nil {
        config.report(.unsupported(key: "modality_config", value: "message", supported: ["text"]))
      }
    }
    for (key, value) in config["processing_kwargs"]?.object?.pairs ?? [] where ["text", "common"].contains(key) {
      for (option, _) in value.object?.pairs ?? [] {
        config.report(.unsupported(key: "processing_kwargs.\(key)", value: option, supported: ["no option"]))
      }
    }
    if let name = config.string("tokenizer_name_or_path") {
      config.report(.unsupported(key: "tokenizer_name_or_path", value: name, supported: ["the folder's own tokenizer"]))
    }
  }

  /// Keyword arguments for the transformers library: those that change no vector are skipped, the others are reported.
  /// Arguments under a key's older name replace those under the newer one.
  ///
  /// - Returns: the maximum length in the tokenizer's arguments, which wins over the others.
  private static func readArguments(_ config: inout ConfigurationReader) -> Int? {
    let harmless = [
      "trust_remote_code", "attn_implementation", "torch_dtype", "dtype", "add_pooling_layer", "low_cpu_mem_usage",
      "use_safetensors", "device_map", "use_fast", "local_files_only", "use_cache",
    ]
    var length: Int?
    let keys = [
      ("model_args", "model_kwargs"), ("tokenizer_args", "processor_kwargs"), ("config_args", "config_kwargs"),
    ]
    for key in keys.map({ config[$0] == nil ? $1 : $0 }) {
      for (option, value) in config[key]?.object?.pairs ?? [] where !harmless.contains(option) {
        if option == "model_max_length", key.hasPrefix("tokenizer") || key.hasPrefix("processor"),
          let number = value.int, 2...1 << 20 ~= number
        {
          length = number
        } else {
          config.report(.unsupported(key: key, value: option, supported: harmless))
        }
      }
    }
    return length
  }

  /// The value of `model_max_length`, which the reference limits to the model's positions. A value of 10^30 means no
  /// maximum.
  private static func tokenizerMaximum(folder: String) throws -> Int? {
    let path = joinPath(folder, "tokenizer_config.json")
    guard exists(path) else { return nil }
    let config = try ConfigurationReader(path: path)
    let length = config.object["model_max_length"] ?? config.object["max_len"]
    guard let length = length?.int, 1...1 << 20 ~= length else { return nil }
    return length
  }
}

extension JSONObject {
  /// The members as keys and values.
  fileprivate var pairs: [(key: String, value: JSONValue)] { members.map { ($0.key, $0.value) } }
}
