// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
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
/// on any number of threads and on every CPU (in bfloat16, on CPUs of one kind). An encoder never changes; any number of
/// tasks may use it at once, and the memory they need does not grow with their number.
///
/// Reimers, Gurevych: Sentence-BERT: sentence embeddings using Siamese BERT-networks, EMNLP 2019.
public struct SentenceEncoder: Sendable {
  /// The transformer's sizes and functions, from config.json; nil for a word average, which has none.
  public var configuration: BertConfiguration? { if case .bert(let model) = model { model.configuration } else { nil } }

  /// What makes the vectors.
  public var kind: EncoderKind { if case .bert = model { .bert } else { .wordAverage } }

  /// What cuts texts into tokens.
  public let tokenizer: Tokenizer

  /// How a text's token vectors become one; several modes are concatenated.
  public let pooling: [PoolingMode]

  /// Whether vectors have unit length.
  public var normalizes: Bool {
    finishing.normalizesLast || finishing.normalizesFirst && finishing.keptDimension == nil
  }

  /// The most tokens of a text that are read, special ones included.
  public let maxLength: Int

  /// Texts to put before each text, by the name of their use, as `query`.
  public let prompts: [String: String]

  /// The name of the prompt that is used where none is named; nil for none.
  public let defaultPromptName: String?

  /// What is odd about the folder but was put up with, a line each.
  public let warnings: [String]

  /// The checkpoint's tensors that an encoder has no use for: task heads, a pooler.
  public let unusedTensors: [String]

  let poolsPrompts: Bool
  let finishing: Finishing
  package private(set) var model: EncoderModel
  private(set) var weights: Weights
  package let pool: ThreadPool

  /// The length of a vector.
  public var dimension: Int { finishing.keptDimension ?? finishing.pooledDimension }

  /// Loads a model folder: of sentence-transformers, a bare BERT checkpoint, or a word average.
  ///
  /// - Parameters:
  ///   - folder: holds config.json, model.safetensors or its shards, and vocab.txt or tokenizer.json.
  ///   - settings: what is to differ from what the folder says.
  /// - Throws: `FileError`, `JSONError`, `SafetensorsError`, `CheckpointError`, `ConfigurationError`,
  ///   `TokenizerError`, ``WeightError``, ``VocabularyError`` or ``EncoderSettingsError``, each with one line that names file, place and
  ///   remedy; `CPUPathError` if the variable `SWIFTLET_CPU` names a path that this CPU cannot run.
  public init(folder: String, settings: EncoderSettings = EncoderSettings()) throws {
    try self.init(folder: folder, settings: settings, kernels: Kernels.selected())
  }

  package init(folder: String, settings: EncoderSettings, kernels: Kernels) throws {
    try self.init(folder: folder, settings: settings, kernels: kernels, dropout: nil) {
      try $0.load(in: settings.precision, on: $1)
    }
  }

  /// The encoder of a folder without weights, and these for a trainer to change: ``reading(_:)`` brings them together.
  ///
  /// - Parameter dropout: as for ``EncoderModel/init(folder:dropout:)``.
  package static func trainable(
    folder: String, settings: EncoderSettings, kernels: Kernels, dropout: Float?
  ) throws -> (encoder: SentenceEncoder, weights: TrainableWeights) {
    var trainable: TrainableWeights?
    let encoder = try SentenceEncoder(folder: folder, settings: settings, kernels: kernels, dropout: dropout) {
      trainable = try $0.loadTrainable(on: $1)
      return Weights([], kernels: kernels)
    }
    guard let trainable else { preconditionFailure("an encoder loads its weights") }
    return (encoder, trainable)
  }

  /// The encoder of a BERT's folder with a new word average in place of the transformer, its vectors and embeddings as
  /// long as the BERT's hidden states; and its weights for a trainer to change.
  ///
  /// - Parameter random: what the weights follow from.
  package static func newWordAverage(
    folder: String, settings: EncoderSettings, kernels: Kernels, random: Philox
  ) throws -> (encoder: SentenceEncoder, weights: TrainableWeights) {
    try settings.checkPooling(of: .wordAverage)
    var settings = settings
    settings.pooling = [.mean]
    var encoder = try SentenceEncoder(folder: folder, settings: settings, kernels: kernels, dropout: nil) { _, _ in
      Weights([], kernels: kernels)
    }
    let size = encoder.model.dimension
    let model = WordAverageModel(
      vocabularySize: encoder.model.vocabularySize, embeddingSize: size, dimension: size)
    encoder.model = .wordAverage(model)
    return (encoder, model.initialWeights(random, kernels: kernels, on: encoder.pool))
  }

  /// The same encoder with other weights.
  package func reading(_ weights: Weights) -> SentenceEncoder {
    var encoder = self
    encoder.weights = weights
    return encoder
  }

  private init(
    folder: String, settings: EncoderSettings, kernels: Kernels, dropout: Float?,
    load: (WeightLoader, ThreadPool) throws -> Weights
  ) throws {
    let modelFolder = try ModelFolder(path: folder)
    model = try EncoderModel(folder: modelFolder, dropout: dropout)
    try settings.checkPooling(of: modelFolder.kind)
    let tokenizer = try Tokenizer(folder: modelFolder.transformerPath)
    self.tokenizer = modelFolder.lowercasesText ? tokenizer.lowercasing() : tokenizer
    pool = try settings.threadPool()

    var warnings = modelFolder.warnings + tokenizer.warnings
    pooling = settings.pooling ?? modelFolder.poolingModes
    maxLength = try settings.maximumLength(modelFolder, tokenizer, positions: model.maxPositions, &warnings)
    finishing = try settings.finishing(
      pooledDimension: pooling.count * model.dimension, folderNormalizes: modelFolder.normalizes)
    poolsPrompts = modelFolder.poolingIncludesPrompt
    prompts = modelFolder.prompts
    defaultPromptName = modelFolder.defaultPromptName
    warnings += try VocabularyError.check(
      tokenizer, embeddings: model.vocabularySize, folder: modelFolder.transformerPath)

    let loader = try WeightLoader(
      model.parameters, folder: modelFolder.transformerPath, kernels: kernels,
      allowsNonFinite: settings.allowsNonFiniteWeights)
    weights = try load(loader, pool)
    unusedTensors = loader.unusedTensors
    self.warnings = warnings
  }
}
