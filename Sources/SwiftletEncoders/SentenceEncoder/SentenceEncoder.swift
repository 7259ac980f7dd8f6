// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
public import SwiftletTensors
public import SwiftletTokenizers

/// Turns texts into vectors. The cosine of two vectors says how similar the texts are in meaning.
///
/// ```swift
/// let encoder = try SentenceEncoder(folder: "weights/all-MiniLM-L6-v2")
/// let vectors = try encoder.encode(["A man is eating food.", "Someone has a meal."])
/// print(vectors.cosineSimilarity(0, 1))
/// ```
///
/// The vector of a text depends only on the text, the weights and the settings. It has the same bits in any batch, on
/// any number of threads and on every CPU (in bfloat16, on CPUs of one kind). An encoder is immutable. Any number of
/// tasks can use it at once, and memory use does not grow with their number.
///
/// Reimers, Gurevych: Sentence-BERT: sentence embeddings using Siamese BERT-networks, EMNLP 2019.
public struct SentenceEncoder: Sendable {
  /// The encoder without the weights.
  package internal(set) var pipeline: EncoderPipeline

  let weights: Weights

  /// What copies of this encoder with other settings share.
  let model = ModelIdentity()

  /// The folder that the weights are from; nil if they were trained since.
  let folder: String?

  /// The names of tensors that the encoder does not use, for example task heads or a pooler.
  package let unusedTensors: [String]

  /// Loads a model folder of sentence-transformers, or a bare transformer.
  ///
  /// - Parameters:
  ///   - folder: the folder with config.json, model.safetensors or its shards, and vocab.txt or tokenizer.json.
  ///   - settings: overrides of the folder's settings.
  /// - Throws: A ``SwiftletError`` that names the file, the place and the remedy, if a file is missing, damaged or not
  ///   supported, or if a setting does not fit the model; also if the variable `SWIFTLET_CPU` names a path that this
  ///   CPU cannot run.
  public init(folder: String, settings: EncoderSettings = EncoderSettings()) throws {
    try self.init(folder: folder, settings: settings, kernels: Kernels.selected())
  }

  package init(folder: String, settings: EncoderSettings, kernels: Kernels) throws {
    let pipeline = try EncoderPipeline(ModelFolder(path: folder), settings: settings)
    let loader = try pipeline.weightLoader(kernels)
    let weights = try loader.load(in: settings.precision, on: pipeline.pool)
    self.init(
      pipeline: pipeline, weights: weights, folder: pipeline.folder.path, unusedTensors: loader.unusedTensors)
  }

  init(pipeline: EncoderPipeline, weights: Weights, folder: String? = nil, unusedTensors: [String] = []) {
    self.pipeline = pipeline
    self.weights = weights
    self.folder = folder
    self.unusedTensors = unusedTensors
  }
}

extension SentenceEncoder {
  /// The sizes of the transformer, from config.json.
  public var configuration: TransformerConfiguration { pipeline.configuration }

  /// Splits texts into tokens.
  public var tokenizer: Tokenizer { pipeline.tokenizer }

  /// The pooling modes. Their vectors are concatenated in this order.
  public var pooling: [PoolingMode] { pipeline.pooling }

  /// The number format of products with weights.
  public var precision: Precision { pipeline.precision }

  /// Whether vectors have unit length.
  public var normalizes: Bool { pipeline.normalizes }

  /// The length of a vector.
  public var dimension: Int { pipeline.dimension }

  /// The maximum number of tokens of a text, including special tokens. Longer texts are cut.
  public var maxLength: Int { pipeline.maxLength }

  /// Prompts by name, for example `query`. A prompt is put before each text.
  public var prompts: [String: String] { pipeline.folder.prompts }

  /// The name of the prompt that is used if none is given; nil for none.
  public var defaultPromptName: String? { pipeline.folder.defaultPromptName }

  /// What is put before a text.
  ///
  /// - Parameter prompt: as in ``encode(_:prompt:)-2b51s``.
  /// - Throws: A ``SwiftletError`` if there is no such prompt.
  package func promptText(named prompt: String?) throws -> String {
    try pipeline.prompt(named: prompt).text(before: "")
  }

  /// Non-fatal problems found while loading, one line each.
  public var warnings: [String] { pipeline.warnings }

  package var pool: ThreadPool { pipeline.pool }
}
