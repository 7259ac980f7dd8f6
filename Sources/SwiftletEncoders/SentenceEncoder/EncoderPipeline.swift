// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles
package import SwiftletTensors
package import SwiftletTokenizers

/// A sentence encoder or a cross-encoder without weights: the tokenizer, the transformer and what follows it, as the
/// model folder and the caller's settings define them.
///
/// ``SentenceEncoder`` and ``CrossEncoder`` are pipelines with weights. A trainer keeps them separate because its weights
/// change.
package struct EncoderPipeline: Sendable {
  /// The model folder, with the modules changed by the settings.
  package internal(set) var folder: ModelFolder

  /// Splits texts into tokens.
  package let tokenizer: Tokenizer

  /// The maximum number of tokens of a text, including special tokens. Longer texts are cut.
  package let maxLength: Int

  /// Non-fatal problems found while loading, one line each.
  package let warnings: [String]

  /// The threads used for computation.
  package let pool: ThreadPool

  private(set) var shortening: Shortening?
  /// Tokens from this id on have no embedding; nil if all have one.
  let embeddingLimit: Int32?
  /// The maximum lengths that the model allows.
  let allowedLengths: ClosedRange<Int>
  /// The folder and the settings as they were given, from which ``with(normalize:truncateDimension:)`` starts.
  private var given: (folder: ModelFolder, settings: EncoderSettings)

  /// How final vectors are shortened.
  struct Shortening: Sendable, Hashable {
    /// The number of leading elements to keep.
    let dimension: Int
    /// Whether the shortened vector is scaled to unit length.
    let normalizes: Bool
    /// Whether the folder asks for it, not the settings.
    let isOfFolder: Bool
  }

  /// Reads the tokenizer, and checks that settings, tokenizer and model fit together.
  ///
  /// - Parameter dropout: the dropout probability of hidden states and attention weights; nil: the value in
  ///   config.json.
  /// - Throws: `FileError`, `JSONError`, `TokenizerError`, `ConfigurationError`, ``VocabularyError`` or
  ///   ``EncoderSettingsError``.
  package init(_ folder: ModelFolder, settings: EncoderSettings, dropout: Float? = nil) throws {
    var folder = folder
    if let dropout {
      folder.transformer = try folder.transformer.settingDropout(dropout)
      folder.head = folder.head?.settingDropout(dropout)
    }
    try settings.checkPooling(of: folder.transformer)
    tokenizer = try folder.tokenizer()
    pool = try settings.threadPool()

    let sizes = folder.transformer.configuration
    var warnings = folder.warnings + tokenizer.warnings
    let readsPairs = folder.kind == .crossEncoder
    let least = readsPairs ? max(2, tokenizer.specialCount(isPair: true)) : 2
    guard least <= sizes.maxPositions else { throw EncoderSettingsError.noRoom(least, positions: sizes.maxPositions) }
    allowedLengths = least...sizes.maxPositions
    maxLength = try settings.maximumLength(folder, tokenizer, allowedLengths, &warnings)
    given = (folder, settings)
    shortening = try settings.apply(to: &folder)
    warnings += try VocabularyError.check(
      tokenizer, embeddings: sizes.vocabularySize, folder: folder.transformerPath)
    // A model without token types reads none.
    let type = tokenizer.largestTypeID(isPair: readsPairs)
    guard sizes.typeVocabularySize == 0 || Int(type) < sizes.typeVocabularySize else {
      let problem = "gives tokens the type \(type); type_vocab_size is \(sizes.typeVocabularySize)"
      throw ConfigurationError(
        path: joinPath(folder.transformerPath, "tokenizer.json"),
        problems: [.inconsistent(key: "post_processor", problem: problem)])
    }
    embeddingLimit = tokenizer.vocabularySize > sizes.vocabularySize ? Int32(sizes.vocabularySize) : nil
    self.folder = folder
    self.warnings = warnings
  }

  /// The length of a text's vector, or the number of a pair's logits.
  package var dimension: Int { shortening?.dimension ?? folder.dimension }

  /// The pooling modes whose vectors are concatenated, in this order.
  package var pooling: [PoolingMode] { folder.poolingModes }

  /// The number format of products with weights.
  var precision: Precision { given.settings.precision }

  /// Whether vectors have unit length.
  package var normalizes: Bool { shortening?.normalizes ?? folder.normalizes }

  /// The sizes of the transformer.
  package var configuration: TransformerConfiguration { folder.transformer.configuration }

  /// All trainable parameters. Trained weights may have more parameters after these.
  package var parameters: [Parameter] { folder.parameters.parameters }

  // MARK: Weights

  func weightLoader(_ kernels: Kernels) throws -> WeightLoader {
    try WeightLoader(
      folder, kernels: kernels, allowsNonFinite: given.settings.allowsNonFiniteWeights,
      mapsTables: given.settings.mapsEmbeddingTables)
  }

  /// Reads the folder's weights in the form that a trainer updates.
  ///
  /// - Throws: `FileError`, `SafetensorsError`, `ModelTensorsError` or ``WeightError``.
  package func trainableWeights(kernels: Kernels) throws -> TrainableWeights {
    try weightLoader(kernels).loadTrainable(on: pool)
  }

  /// The encoder with these weights.
  package func reading(_ weights: Weights) -> SentenceEncoder {
    SentenceEncoder(pipeline: self, weights: weights)
  }

  /// The cross-encoder with these weights.
  package func scoring(with weights: Weights) -> CrossEncoder {
    CrossEncoder(pipeline: self, weights: weights, unusedTensors: [])
  }

  /// The encoder as it is trained: its vectors keep the dimensions that the folder's `truncate_dim` cuts off, as in
  /// sentence-transformers.
  package var forTraining: EncoderPipeline {
    var encoder = self
    if shortening?.isOfFolder == true { encoder.shortening = nil }
    return encoder
  }

  /// The encoder as these settings would have made it, where they are not nil.
  ///
  /// - Throws: ``EncoderSettingsError`` for a number of dimensions that the model does not have.
  func with(normalize: Bool?, truncateDimension: Int?) throws(EncoderSettingsError) -> EncoderPipeline {
    var encoder = self
    encoder.folder = given.folder
    encoder.given.settings.normalize = normalize ?? given.settings.normalize
    encoder.given.settings.truncateDimension = truncateDimension ?? given.settings.truncateDimension
    encoder.shortening = try encoder.given.settings.apply(to: &encoder.folder)
    return encoder
  }

  // MARK: Vectors

  /// A run that computes the vectors or logits of tokens, which ``check(_:)`` has accepted.
  func run(
    _ tokens: TokenBatch, weights: Weights, finish: @escaping @Sendable (Variable) -> Variable = { $0 }
  ) -> EncodingRun {
    EncodingRun(count: tokens.sequenceCount, rowLength: dimension, on: pool) { index, batch in
      batch.append(index, of: tokens)
    } compute: { batch, worker in
      finish(vectors(batch, in: Context(weights: weights, worker: worker))).tensor
    }
  }

  /// A run that computes the vectors of texts or the logits of pairs.
  ///
  /// - Parameters:
  ///   - prompt: the name of a prompt; nil: the default one.
  ///   - finish: what is made of them.
  func run(
    _ inputs: [EncoderInput], prompt: String?, weights: Weights,
    finish: @escaping @Sendable (Variable) -> Variable = { $0 }
  ) throws -> EncodingRun {
    let prompt = try self.prompt(named: prompt)
    return EncodingRun(count: inputs.count, rowLength: dimension, on: pool) { index, batch in
      try append(inputs[index], after: prompt, to: &batch, maxLength: maxLength)
    } compute: { batch, worker in
      finish(vectors(batch, in: Context(weights: weights, worker: worker))).tensor
    }
  }

  /// Computes the vectors of texts or the logits of pairs, `[inputs, dimension]`, with the folder's default prompt.
  package func vectors(of inputs: [EncoderInput], weights: Weights) throws -> Tensor {
    try run(inputs, prompt: nil, weights: weights).result().rows
  }

  /// Computes the vectors of texts or the logits of pairs, `[sequences, dimension]`, recording on the context's tape if it
  /// has one.
  package func vectors(_ batch: TokenBatch, in context: Context) -> Variable {
    finished(unfinished(batch, in: context))
  }

  /// The vectors before what ``with(normalize:truncateDimension:)`` changes.
  func unfinished(_ batch: TokenBatch, in context: Context) -> Variable {
    let wanted = folder.head != nil ? .first : folder.modules.first?.tokenRows ?? .all
    var features = folder.transformer(batch, reading: wanted, in: context) { _ in }
    if let head = folder.head { return head(features, in: context) }
    for module in folder.modules.dropLast(finalNormalizations) { features = module(features, in: context) }
    return features.vectors
  }

  /// The last steps of each vector by itself: it is scaled to unit length and shortened, as far as that is asked for.
  func finished(_ unfinished: Variable) -> Variable {
    var vectors = unfinished
    for _ in 0..<finalNormalizations { vectors = vectors.normalized() }
    guard let shortening else { return vectors }
    let cut = vectors.columns(0..<shortening.dimension)
    return shortening.normalizes ? cut.normalized() : cut
  }

  /// What distinguishes the vectors of encoders that ``with(normalize:truncateDimension:)`` made of one another.
  struct VectorForm: Hashable {
    let normalizations: Int
    let shortening: Shortening?
  }

  var vectorForm: VectorForm { VectorForm(normalizations: finalNormalizations, shortening: shortening) }

  /// The number of normalizations that no other module follows.
  private var finalNormalizations: Int { folder.modules.reversed().prefix { $0 is NormalizationModule }.count }
}
