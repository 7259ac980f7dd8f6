// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
package import SwiftletTensors
public import SwiftletTokenizers

/// Turns texts into vectors whose cosines tell how near their meanings are.
///
/// ```swift
/// let encoder = try SentenceEncoder(folder: "weights/all-MiniLM-L6-v2")
/// let vectors = try encoder.encode(["A man is eating food.", "Someone has a meal."])
/// print(vectors.cosineSimilarity(0, 1))
/// ```
///
/// The vector of a text depends on the text, the weights and the settings alone: it has the same bits in any batch,
/// on any number of threads and on every CPU (in bfloat16, on CPUs of one kind). An encoder never changes. Any number
/// of tasks may use it at once, and the memory they need does not grow with their number.
///
/// Reimers, Gurevych: Sentence-BERT: sentence embeddings using Siamese BERT-networks, EMNLP 2019.
public struct SentenceEncoder: Sendable {
  /// Everything but the weights.
  package let pipeline: EncoderPipeline

  let weights: Weights

  /// The checkpoint's tensors that an encoder has no use for: task heads, a pooler.
  package let unusedTensors: [String]

  /// Loads a model folder: of sentence-transformers, a bare BERT checkpoint, or a word average.
  ///
  /// - Parameters:
  ///   - folder: holds config.json, model.safetensors or its shards, and vocab.txt or tokenizer.json.
  ///   - settings: what is to differ from what the folder says.
  /// - Throws: `FileError`, `JSONError`, `SafetensorsError`, `CheckpointError`, `ConfigurationError`,
  ///   `TokenizerError`, ``WeightError``, ``VocabularyError`` or ``EncoderSettingsError``, each with one line that names
  ///   file, place and remedy; `CPUPathError` if the variable `SWIFTLET_CPU` names a path that this CPU cannot run.
  public init(folder: String, settings: EncoderSettings = EncoderSettings()) throws {
    try self.init(folder: folder, settings: settings, kernels: Kernels.selected())
  }

  package init(folder: String, settings: EncoderSettings, kernels: Kernels) throws {
    let pipeline = try EncoderPipeline(ModelFolder(path: folder), settings: settings)
    let loader = try pipeline.weightLoader(kernels)
    let weights = try loader.load(in: settings.precision, on: pipeline.pool)
    self.init(pipeline: pipeline, weights: weights, unusedTensors: loader.unusedTensors)
  }

  init(pipeline: EncoderPipeline, weights: Weights, unusedTensors: [String]) {
    self.pipeline = pipeline
    self.weights = weights
    self.unusedTensors = unusedTensors
  }
}

extension SentenceEncoder {
  /// The sizes of the transformer, from config.json.
  public var configuration: TransformerConfiguration { pipeline.configuration }

  /// Cuts texts into tokens.
  public var tokenizer: Tokenizer { pipeline.tokenizer }

  /// How a text's token vectors become one; the vectors of several modes are concatenated in this order.
  public var pooling: [PoolingMode] { pipeline.pooling }

  /// Whether vectors have unit length.
  public var normalizes: Bool { pipeline.normalizes }

  /// The length of a vector.
  public var dimension: Int { pipeline.dimension }

  /// The most tokens of a text that are read, special ones included.
  public var maxLength: Int { pipeline.maxLength }

  /// Texts to put before each text, by the name of their use, as `query`.
  public var prompts: [String: String] { pipeline.folder.prompts }

  /// The name of the prompt that is used where none is named; nil for none.
  public var defaultPromptName: String? { pipeline.folder.defaultPromptName }

  /// Non-fatal problems found while loading, a line each.
  public var warnings: [String] { pipeline.warnings }

  package var pool: ThreadPool { pipeline.pool }
}
