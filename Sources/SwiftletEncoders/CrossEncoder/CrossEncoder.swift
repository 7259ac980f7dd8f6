// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
package import SwiftletTensors
public import SwiftletTokenizers

/// Scores pairs of texts, for example how well a document answers a query.
///
/// ```swift
/// let encoder = try CrossEncoder(folder: "ms-marco-MiniLM-L6-v2")
/// for document in try encoder.rank(query: "How many people live in Berlin?", documents: passages, topK: 3) {
///   print(document.score, passages[document.index])
/// }
/// ```
///
/// Both texts go through the transformer together, so a score takes as long as the vector of both. Find candidates with
/// a ``SentenceEncoder``, and rank them with a cross-encoder.
///
/// The scores of a pair depend only on its texts, the weights and the settings. They have the same bits in any batch, on
/// any number of threads and on every CPU (in bfloat16, on CPUs of one kind). A cross-encoder is immutable, and any
/// number of tasks can use it at once.
///
/// Nogueira, Cho: Passage re-ranking with BERT, arXiv:1901.04085, 2019. Reference: `CrossEncoder` of
/// sentence-transformers.
public struct CrossEncoder: Sendable {
  /// The cross-encoder without the weights.
  package let pipeline: EncoderPipeline

  let weights: Weights

  /// What copies of this cross-encoder share.
  let model = ModelIdentity()

  /// The names of tensors that the cross-encoder does not use.
  package let unusedTensors: [String]

  /// The labels and the function from logits to scores.
  let scoring: ScoringConfiguration

  /// Loads the folder of a cross-encoder: one of any version of sentence-transformers, or a sequence classifier of
  /// transformers.
  ///
  /// - Parameters:
  ///   - folder: the folder with config.json, model.safetensors or its shards, and vocab.txt or tokenizer.json.
  ///   - settings: overrides of the folder's settings.
  /// - Throws: A ``SwiftletError`` that names the file, the place and the remedy, if a file is missing, damaged or not
  ///   supported, if the folder has a sentence encoder, or if a setting does not fit the model; also if the variable
  ///   `SWIFTLET_CPU` names a path that this CPU cannot run.
  public init(folder: String, settings: CrossEncoderSettings = CrossEncoderSettings()) throws {
    try self.init(folder: folder, settings: settings, kernels: Kernels.selected())
  }

  package init(folder: String, settings: CrossEncoderSettings, kernels: Kernels) throws {
    let folder = try ModelFolder(path: folder, as: .crossEncoder)
    let pipeline = try EncoderPipeline(folder, settings: settings.ofEncoder)
    let loader = try pipeline.weightLoader(kernels)
    let weights = try loader.load(in: settings.precision, on: pipeline.pool)
    self.init(pipeline: pipeline, weights: weights, unusedTensors: loader.unusedTensors)
  }

  init(pipeline: EncoderPipeline, weights: Weights, unusedTensors: [String]) {
    guard let scoring = pipeline.folder.scoring else { preconditionFailure("a sentence encoder scores no pairs") }
    self.pipeline = pipeline
    self.weights = weights
    self.unusedTensors = unusedTensors
    self.scoring = scoring
  }
}

extension CrossEncoder {
  /// The sizes of the transformer, from config.json.
  public var configuration: TransformerConfiguration { pipeline.configuration }

  /// Splits texts into tokens.
  public var tokenizer: Tokenizer { pipeline.tokenizer }

  /// The names of the labels, one for each score of a pair.
  public var labels: [String] { scoring.labels }

  /// The maximum number of tokens of a pair, including special tokens. Longer pairs are cut, the longer text first.
  public var maxLength: Int { pipeline.maxLength }

  /// Prompts by name. A prompt is put before the first text of a pair.
  public var prompts: [String: String] { pipeline.folder.prompts }

  /// The name of the prompt that is used if none is given; nil for none.
  public var defaultPromptName: String? { pipeline.folder.defaultPromptName }

  /// Non-fatal problems found while loading, one line each.
  public var warnings: [String] { pipeline.warnings }

  package var pool: ThreadPool { pipeline.pool }
}
