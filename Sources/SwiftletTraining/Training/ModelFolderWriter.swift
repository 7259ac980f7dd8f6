// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletEncoders
import SwiftletFiles
import SwiftletTensors
import SwiftletWeights

/// Writes a tuned model as a folder that this package loads, and sentence-transformers too if it has a transformer.
///
/// Configuration and tokenizer are the original's; pooling and normalisation are what the model was trained with; the
/// weights are F32. Each file appears once it is complete, the weights last. A pooler, which the encoder does not use
/// but the reference model has, is copied. A word average's folder has neither modules nor a pooler.
struct ModelFolderWriter {
  let original: ModelFolder
  let encoder: SentenceEncoder
  let weights: TrainableWeights

  /// The tokenizer's files, of which the original has some.
  static let tokenizerFiles = [
    "vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
  ]

  /// Writes all but the weights.
  ///
  /// - Throws: `FileError`, or what reading the original throws.
  func writeConfiguration(to folder: String) throws {
    for name in ModelFolderWriter.tokenizerFiles {
      try copy(joinPath(original.transformerPath, name), to: joinPath(folder, name))
    }
    try copy(
      joinPath(original.path, "config_sentence_transformers.json"),
      to: joinPath(folder, "config_sentence_transformers.json"))
    switch encoder.model {
    case .bert: try writeTransformer(to: folder)
    case .wordAverage(let model): try writeWordAverage(model, to: folder)
    }
  }

  private func writeTransformer(to folder: String) throws {
    try copy(
      joinPath(original.transformerPath, "sentence_bert_config.json"),
      to: joinPath(folder, "sentence_bert_config.json"))
    try write(.object(configuration()), to: joinPath(folder, "config.json"))
    try Folder(joinPath(folder, "1_Pooling")).create()
    try write(.object(pooling), to: joinPath(folder, "1_Pooling/config.json"))
    if encoder.normalizes { try Folder(joinPath(folder, "2_Normalize")).create() }
    try write(modules, to: joinPath(folder, "modules.json"))
  }

  private func writeWordAverage(_ model: WordAverageModel, to folder: String) throws {
    // The original may be a BERT, which gives its maximum length elsewhere.
    let text: JSONObject = [
      "max_seq_length": .number(JSONNumber(encoder.maxLength)), "do_lower_case": .bool(original.lowercasesText),
    ]
    try write(.object(text), to: joinPath(folder, "sentence_bert_config.json"))
    try write(.object(model.configuration(normalizes: encoder.normalizes)), to: joinPath(folder, "config.json"))
  }

  /// config.json, with the type that the weights have now.
  private func configuration() throws -> JSONObject {
    let path = joinPath(original.transformerPath, "config.json")
    guard case .object(var object) = try ConfigurationReader.json(path: path) else {
      preconditionFailure("the model was loaded by its config.json")
    }
    if object["torch_dtype"] != nil { object["torch_dtype"] = .string("float32") }
    object["dtype"] = .string("float32")
    return object
  }

  private var modules: JSONValue {
    var modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    if encoder.normalizes { modules.append(("2_Normalize", "Normalize")) }
    return .array(
      modules.enumerated().map { index, module in
        .object([
          "idx": .number(JSONNumber(index)), "name": .string("\(index)"), "path": .string(module.0),
          "type": .string("sentence_transformers.models.\(module.1)"),
        ])
      })
  }

  /// The older spelling, which every version of sentence-transformers reads.
  private var pooling: JSONObject {
    let keys: KeyValuePairs<PoolingMode, String> = [
      .cls: "cls_token", .mean: "mean_tokens", .max: "max_tokens", .meanSqrtLength: "mean_sqrt_len_tokens",
      .weightedMean: "weightedmean_tokens", .lastToken: "lasttoken",
    ]
    var object: JSONObject = [
      "word_embedding_dimension": .number(JSONNumber(encoder.dimension / encoder.pooling.count))
    ]
    for (mode, key) in keys { object["pooling_mode_\(key)"] = .bool(encoder.pooling.contains(mode)) }
    object["include_prompt"] = .bool(original.poolingIncludesPrompt)
    return object
  }

  private func copy(_ source: String, to target: String) throws {
    guard exists(source) else { return }
    try write(Array(try InputFile(path: source).readAll(limit: 1 << 30)), to: target)
  }

  private func write(_ value: JSONValue, to path: String) throws {
    var bytes: [UInt8] = []
    JSONWriter.append(value, indented: true, to: &bytes)
    try write(bytes + [UInt8(ascii: "\n")], to: path)
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }

  /// Writes the weights, at once or not at all.
  func writeWeights(to path: String) throws {
    let parameters = encoder.parameters
    let byName = Dictionary(uniqueKeysWithValues: parameters.map { (UTF8Key($0.name), $0) })
    let checkpoint = try Checkpoint(folder: original.transformerPath)
    let poolerParts = encoder.kind == .bert ? ["weight", "bias"] : []
    let pooler = Dictionary(
      uniqueKeysWithValues: poolerParts.compactMap { part in
        let name = "pooler.dense.\(part)"
        return ["", "bert."].lazy.compactMap { checkpoint[$0 + name] }.first.map { (name, $0) }
      })
    let tensors =
      parameters.map { SafetensorsWriter.Tensor(name: $0.name, dtype: .f32, shape: $0.shape) }
      + pooler.map { SafetensorsWriter.Tensor(name: $0.key, dtype: $0.value.dtype, shape: $0.value.shape) }
    try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: path) { tensor, append in
      if let parameter = byName[UTF8Key(tensor.name)] {
        try weights.forEachPart(of: parameter) { numbers throws(FileError) in
          try numbers.withBytes(append)
        }
      } else if let source = pooler[tensor.name] {
        var bytes = ContiguousArray<UInt8>(repeating: 0, count: source.byteRange.count)
        try bytes.withMutableRawSpan { (bytes) throws(FileError) in try checkpoint.read(source, into: &bytes) }
        try bytes.withRawSpan { (bytes) throws(FileError) in try append(bytes) }
      }
    }
  }
}
