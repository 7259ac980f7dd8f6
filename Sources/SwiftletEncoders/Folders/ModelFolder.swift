// SPDX-License-Identifier: Apache-2.0

internal import SwiftletFiles

/// What a model's folder says about the model, its weights and vocabulary aside.
///
/// A folder of sentence-transformers, of any version:
///
///     config.json                        the transformer
///     modules.json                       what follows what: transformer, pooling, normalisation
///     1_Pooling/config.json              the pooling modes, in the older or the newer spelling
///     sentence_bert_config.json          the maximum length
///     config_sentence_transformers.json  the prompts
///
/// or a bare BERT without `modules.json`: the vector of [CLS], not normalised. A module that this package does not
/// compute is refused by name. Source: sentence-transformers, base/model.py and sentence_transformer/modules.
///
/// Or a word average, which has no modules either: config.json says whether its vectors are normalised.
public struct ModelFolder: Sendable {
  /// The folder.
  public let path: String
  /// Where `config.json`, the weights and the vocabulary lie: the folder itself or one in it.
  public let transformerPath: String
  /// What makes the vectors; `bert` where config.json names something else, which no encoder is made of.
  public let kind: EncoderKind
  /// The pooling modes whose vectors are concatenated, in this order.
  public let poolingModes: [PoolingMode]
  /// Whether a prompt's tokens take part in the pooling.
  public let poolingIncludesPrompt: Bool
  /// Whether vectors are scaled to unit length.
  public let normalizes: Bool
  /// The most tokens of a text, [CLS] and [SEP] included; nil if the folder does not say.
  public let maxSequenceLength: Int?
  /// Whether texts are lowercased even if the tokenizer does not; `false` says nothing about the tokenizer.
  public let lowercasesText: Bool
  /// Texts to put before a text, by name, as `query`.
  public let prompts: [String: String]
  /// The name of the prompt to use where none is given.
  public let defaultPromptName: String?
  /// What is odd about the folder but does no harm, a line each.
  public let warnings: [String]

  /// config.json.
  package let config: ConfigurationReader

  /// Reads the folder's configuration files.
  ///
  /// - Throws: `FileError`, `JSONError` or `ConfigurationError`; each names the file.
  public init(path: String) throws {
    let modules = try ModuleList(folder: path)
    let transformerPath = modules.path(of: .transformer) ?? path
    let pooling = try modules.path(of: .pooling).map { try PoolingConfiguration(folder: $0) }
    let prompts = try PromptConfiguration(folder: path)
    config = try ConfigurationReader(path: joinPath(transformerPath, "config.json"))
    let transformer = try TransformerSettings(folder: transformerPath, config: config)
    if let dimension = pooling?.dimension, let hidden = config["hidden_size"]?.int, dimension != hidden {
      let problem = "is \(hidden), but the pooling expects \(dimension)"
      throw ConfigurationError(
        path: config.path, problems: [.inconsistent(key: "hidden_size", problem: problem)])
    }

    let type = config["model_type"]?.string ?? ""
    kind = EncoderKind.allCases.first { sameBytes($0.rawValue, type) } ?? .bert
    let isWordAverage = kind == .wordAverage
    if isWordAverage && !modules.isBare {
      let problem = "\(quoted(type)) does not go with a modules.json"
      throw ConfigurationError(path: config.path, problems: [.inconsistent(key: "model_type", problem: problem)])
    }

    self.path = path
    self.transformerPath = transformerPath
    poolingModes = pooling?.modes ?? (isWordAverage ? [.mean] : [.cls])
    poolingIncludesPrompt = pooling?.includesPrompt ?? true
    normalizes = isWordAverage ? config["normalize"]?.bool ?? false : modules.path(of: .normalize) != nil
    maxSequenceLength = transformer.maxSequenceLength
    lowercasesText = transformer.lowercasesText
    self.prompts = prompts.prompts
    defaultPromptName = prompts.defaultName
    warnings =
      modules.isBare && !isWordAverage ? ["\(escaped(path)): no modules.json; pooling cls, not normalised"] : []
  }
}
