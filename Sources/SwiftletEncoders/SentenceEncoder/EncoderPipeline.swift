// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
import SwiftletFiles
package import SwiftletTensors
package import SwiftletTokenizers

/// A sentence encoder or a cross-encoder without weights: the tokenizer, the transformer and what follows it, as the
/// model folder and the caller's settings define them.
///
/// ``SentenceEncoder`` and ``CrossEncoder`` are pipelines with weights. A trainer keeps them separate because its weights change.
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

  private(set) var truncation: Truncation?
  /// Tokens from this id on have no embedding; nil if all have one.
  private let embeddingLimit: Int32?
  private let allowsNonFiniteWeights: Bool
  /// The maximum lengths that the model allows.
  private let allowedLengths: ClosedRange<Int>

  /// How final vectors are shortened.
  struct Truncation: Sendable {
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
    truncation = try settings.apply(to: &folder)
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
    allowsNonFiniteWeights = settings.allowsNonFiniteWeights
  }

  /// The length of a text's vector, or the number of a pair's logits.
  package var dimension: Int { truncation?.dimension ?? folder.dimension }

  /// The pooling modes whose vectors are concatenated, in this order.
  package var pooling: [PoolingMode] { folder.poolingModes }

  /// Whether vectors have unit length.
  package var normalizes: Bool { truncation?.normalizes ?? folder.normalizes }

  /// The sizes of the transformer.
  package var configuration: TransformerConfiguration { folder.transformer.configuration }

  /// All trainable parameters. Trained weights may have more parameters after these.
  package var parameters: [Parameter] { folder.parameters.parameters }

  // MARK: Weights

  func weightLoader(_ kernels: Kernels) throws -> WeightLoader {
    try WeightLoader(folder, kernels: kernels, allowsNonFinite: allowsNonFiniteWeights)
  }

  /// Reads the folder's weights in the form that a trainer updates.
  ///
  /// - Throws: `FileError`, `SafetensorsError`, `CheckpointError` or ``WeightError``.
  package func trainableWeights(kernels: Kernels) throws -> TrainableWeights {
    try weightLoader(kernels).loadTrainable(on: pool)
  }

  /// The encoder with these weights.
  package func reading(_ weights: Weights) -> SentenceEncoder {
    SentenceEncoder(pipeline: self, weights: weights, unusedTensors: [])
  }

  /// The cross-encoder with these weights.
  package func scoring(with weights: Weights) -> CrossEncoder {
    CrossEncoder(pipeline: self, weights: weights, unusedTensors: [])
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
    return try Prompt(
      prefix, isPooled: folder.poolingIncludesPrompt, tokenizer: tokenizer, maxLength: maxLength)
  }

  /// The number of tokens of the default prompt that are left out of pooling.
  package var skippedTokens: Int { get throws { try prompt(named: nil).skippedTokens } }

  /// - Throws: ``EncoderSettingsError`` for a maximum length that the model does not allow.
  package func check(maxLength: Int?) throws(EncoderSettingsError) {
    if let maxLength, !allowedLengths.contains(maxLength) { throw .maxLength(maxLength, allowed: allowedLengths) }
  }

  /// The tokens of texts or pairs as the encoder reads them, with the folder's default prompt before each.
  ///
  /// - Parameter maxLength: the maximum number of tokens of each, checked by ``check(maxLength:)``; nil: the encoder's.
  package func tokens(of inputs: [EncoderInput], maxLength: Int?) throws -> TokenBatch {
    let prompt = try prompt(named: nil)
    var batch = TokenBatch()
    for input in inputs { try append(input, after: prompt, to: &batch, maxLength: maxLength ?? self.maxLength) }
    return batch
  }

  /// Appends the tokens of a text or a pair, of which each must have an embedding.
  func append(_ input: EncoderInput, after prompt: Prompt, to batch: inout TokenBatch, maxLength: Int) throws {
    let text = prompt.text(before: input.text)
    if let pair = input.pair {
      try tokenizer.append(text, pair: pair, to: &batch, maxLength: maxLength)
    } else {
      try tokenizer.append(text, to: &batch, maxLength: maxLength)
    }
    try checkEmbeddings(of: batch.ids[batch.tokenRange(of: batch.sequenceCount - 1)])
  }

  /// - Throws: ``TokenError`` if there is no token, or if one has no embedding, as only added tokens may.
  func checkEmbeddings(of ids: ArraySlice<Int32>) throws(TokenError) {
    guard !ids.isEmpty || folder.transformer.acceptsEmptyTexts else { throw .noTokens(folder: folder.transformerPath) }
    guard let embeddingLimit, let id = ids.first(where: { $0 >= embeddingLimit }) else { return }
    throw .noEmbedding(
      token: tokenizer.token(of: id) ?? "", id: id, embeddings: Int(embeddingLimit), folder: folder.transformerPath)
  }

  /// The encoder as it is trained: its vectors keep the dimensions that the folder's `truncate_dim` cuts off, as in
  /// sentence-transformers.
  package var forTraining: EncoderPipeline {
    var encoder = self
    if truncation?.isOfFolder == true { encoder.truncation = nil }
    return encoder
  }

  // MARK: Vectors

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
      let context = Context(weights: weights, worker: worker)
      return finish(vectors(batch, skipping: prompt.skippedTokens, in: context)).tensor
    }
  }

  /// Computes the vectors of texts or the logits of pairs, `[inputs, dimension]`, with the folder's default prompt.
  package func vectors(of inputs: [EncoderInput], weights: Weights) throws -> Tensor {
    try run(inputs, prompt: nil, weights: weights).result().rows
  }

  /// Computes the vectors of texts or the logits of pairs, `[sequences, dimension]`, recording on the context's tape if it
  /// has one.
  ///
  /// - Parameter skipped: the number of tokens of the prompt that are left out of pooling, see ``skippedTokens``.
  package func vectors(_ batch: TokenBatch, skipping skipped: Int, in context: Context) -> Variable {
    let wanted = folder.head != nil ? .first : folder.modules.first?.tokenRows ?? .all
    var features = folder.transformer(batch, reading: wanted, in: context) { _ in }
    features.skippedTokens = skipped
    if let head = folder.head { return head(features, in: context) }
    for module in folder.modules { features = module(features, in: context) }
    guard let truncation else { return features.vectors }
    let cut = features.vectors.columns(0..<truncation.dimension)
    return truncation.normalizes ? cut.normalized() : cut
  }
}
