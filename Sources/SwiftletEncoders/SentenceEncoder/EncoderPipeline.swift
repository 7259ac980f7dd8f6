// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
package import SwiftletTensors
package import SwiftletTokenizers

/// A sentence encoder without weights: the tokenizer, the transformer, and the modules that make one vector of its
/// vectors, as a model folder and the caller's settings have them.
///
/// ``SentenceEncoder`` is a pipeline with weights. A trainer keeps the two apart, since its weights change.
package struct EncoderPipeline: Sendable {
  /// The model folder, its modules as the settings want them.
  package internal(set) var folder: ModelFolder

  /// Cuts texts into tokens.
  package let tokenizer: Tokenizer

  /// The most tokens of a text that are read, special ones included.
  package let maxLength: Int

  /// Non-fatal problems found while loading, a line each.
  package let warnings: [String]

  /// The threads that compute.
  package let pool: ThreadPool

  let truncation: Truncation?
  private let allowsNonFiniteWeights: Bool

  /// How finished vectors are cut.
  struct Truncation: Sendable {
    /// How many of a vector's first elements are kept.
    let dimension: Int
    /// Whether the rest is scaled to unit length.
    let normalizes: Bool
  }

  /// Reads the tokenizer, and checks that settings, tokenizer and model go together.
  ///
  /// - Parameter dropout: the probability of dropout of hidden states and attention weights; nil: as config.json says.
  /// - Throws: `FileError`, `JSONError`, `TokenizerError`, ``VocabularyError`` or ``EncoderSettingsError``.
  package init(_ folder: ModelFolder, settings: EncoderSettings, dropout: Float? = nil) throws {
    var folder = folder
    if let dropout { folder.transformer = try folder.transformer.settingDropout(dropout) }
    try settings.checkPooling(of: folder.transformer)
    let tokenizer = try Tokenizer(folder: folder.transformerPath)
    self.tokenizer = folder.lowercasesText ? tokenizer.lowercasing() : tokenizer
    pool = try settings.threadPool()

    let sizes = folder.transformer.configuration
    var warnings = folder.warnings + tokenizer.warnings
    maxLength = try settings.maximumLength(folder, tokenizer, positions: sizes.maxPositions, &warnings)
    truncation = try settings.apply(to: &folder)
    warnings += try VocabularyError.check(
      tokenizer, embeddings: sizes.vocabularySize, folder: folder.transformerPath)
    self.folder = folder
    self.warnings = warnings
    allowsNonFiniteWeights = settings.allowsNonFiniteWeights
  }

  /// The length of a text's vector.
  package var dimension: Int { truncation?.dimension ?? folder.dimension }

  /// The pooling modes whose vectors are concatenated, in this order.
  package var pooling: [PoolingMode] { folder.poolingModes }

  /// Whether vectors have unit length.
  package var normalizes: Bool { truncation?.normalizes ?? folder.normalizes }

  /// The sizes of the transformer.
  package var configuration: TransformerConfiguration { folder.transformer.configuration }

  /// What the encoder learns. Trained weights may have more parameters, behind these.
  package var parameters: [Parameter] { folder.parameters.parameters }

  // MARK: Weights

  func weightLoader(_ kernels: Kernels) throws -> WeightLoader {
    try WeightLoader(
      folder.parameters, folder: folder.transformerPath, kernels: kernels, allowsNonFinite: allowsNonFiniteWeights)
  }

  /// The folder's weights, for a trainer to change.
  ///
  /// - Throws: `FileError`, `SafetensorsError`, `CheckpointError` or ``WeightError``.
  package func trainableWeights(kernels: Kernels) throws -> TrainableWeights {
    try weightLoader(kernels).loadTrainable(on: pool)
  }

  /// The encoder with these weights.
  package func reading(_ weights: Weights) -> SentenceEncoder {
    SentenceEncoder(pipeline: self, weights: weights, unusedTensors: [])
  }

  // MARK: Tokens

  /// - Throws: ``EncoderSettingsError`` if the model has no prompt of this name.
  func prompt(named name: String?) throws -> Prompt {
    var prefix = ""
    if let name = name ?? folder.defaultPromptName, !name.isEmpty {
      guard let text = folder.prompts[name] else {
        throw EncoderSettingsError.unknownPrompt(name, known: folder.prompts.keys.sorted())
      }
      prefix = text
    }
    return try Prompt(prefix, isPooled: folder.poolingIncludesPrompt, tokenizer: tokenizer)
  }

  /// How many tokens of the default prompt pooling leaves out.
  package var skippedTokens: Int { get throws { try prompt(named: nil).skippedTokens } }

  /// - Throws: ``EncoderSettingsError`` for a maximum length that the model does not allow.
  package func check(maxLength: Int?) throws(EncoderSettingsError) {
    let allowed = 2...configuration.maxPositions
    if let maxLength, !allowed.contains(maxLength) { throw .maxLength(maxLength, allowed: allowed) }
  }

  /// The tokens of texts as the encoder's vectors are made of, behind the folder's default prompt.
  ///
  /// - Parameter maxLength: the most tokens of a text, which ``check(maxLength:)`` allows; nil: the encoder's.
  package func tokens(of texts: [String], maxLength: Int?) throws -> TokenBatch {
    let prompt = try prompt(named: nil)
    var batch = TokenBatch()
    for text in texts {
      try tokenizer.append(prompt.text(before: text), to: &batch, maxLength: maxLength ?? self.maxLength)
    }
    return batch
  }

  // MARK: Vectors

  /// The vectors of sequences, `[sequences, dimension]`, in a computation that may record.
  ///
  /// - Parameter skipped: how many tokens of the prompt pooling leaves out, see ``skippedTokens``.
  package func vectors(_ batch: TokenBatch, skipping skipped: Int, in context: Context) -> Variable {
    let wanted = folder.modules.first?.tokenRows ?? .all
    var features = folder.transformer(batch, reading: wanted, in: context) { _ in }
    features.skippedTokens = skipped
    for module in folder.modules { features = module(features, in: context) }
    guard let truncation else { return features.vectors }
    let cut = features.vectors.columns(0..<truncation.dimension)
    return truncation.normalizes ? cut.normalized() : cut
  }
}
