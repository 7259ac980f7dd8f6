// SPDX-License-Identifier: Apache-2.0

import SwiftletFiles
package import SwiftletTokenizers

extension EncoderPipeline {
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

  /// - Throws: ``EncoderSettingsError`` for a maximum length that the model does not allow.
  package func check(maxLength: Int?) throws(EncoderSettingsError) {
    if let maxLength, !allowedLengths.contains(maxLength) { throw .maxLength(maxLength, allowed: allowedLengths) }
  }

  /// The tokens of texts or pairs as the encoder reads them, with a prompt before each.
  ///
  /// - Parameters:
  ///   - name: the name of the prompt; nil: the folder's default prompt, if any.
  ///   - maxLength: the maximum number of tokens of each, checked by ``check(maxLength:)``; nil: the encoder's.
  package func tokens(
    of inputs: [EncoderInput], prompt name: String? = nil, maxLength: Int? = nil, truncation: TextTruncation = .atEnd
  ) throws -> TokenBatch {
    var batch = TokenBatch()
    try append(inputs[...], after: prompt(named: name), to: &batch, maxLength ?? self.maxLength, truncation)
    return batch
  }

  /// The same, some inputs at a time: other tasks have the thread in between.
  func tokens(of inputs: [EncoderInput], prompt name: String?, truncation: TextTruncation) async throws -> TokenBatch {
    let prompt = try prompt(named: name)
    var batch = TokenBatch()
    for first in stride(from: 0, to: inputs.count, by: EncoderPipeline.inputsAtATime) {
      if first > 0 { await Task.yield() }
      try Task.checkCancellation()
      let piece = inputs[first..<min(first + EncoderPipeline.inputsAtATime, inputs.count)]
      try append(piece, after: prompt, to: &batch, maxLength, truncation)
    }
    return batch
  }

  private static let inputsAtATime = 64

  private func append(
    _ inputs: ArraySlice<EncoderInput>, after prompt: Prompt, to batch: inout TokenBatch, _ maxLength: Int,
    _ truncation: TextTruncation
  ) throws {
    for (index, input) in zip(inputs.indices, inputs) {
      do {
        try append(input, after: prompt, to: &batch, maxLength: maxLength, truncation: truncation)
      } catch TokenizerError.tooManyTokens(let count, let limit) {
        throw TokenError.tooMany(count, input: index, limit: limit)
      }
    }
  }

  /// Appends the tokens of a text or a pair, of which each must have an embedding.
  ///
  /// Pooling leaves out no token of a text that is cut at its start, since the prompt is cut off first.
  func append(
    _ input: EncoderInput, after prompt: Prompt, to batch: inout TokenBatch, maxLength: Int,
    truncation: TextTruncation = .atEnd
  ) throws {
    let isTruncated = try tokenizer.append(
      prompt.text(before: input.text), pair: input.pair, to: &batch, maxLength: maxLength, truncation: truncation)
    if truncation == .atEnd || !isTruncated { batch.skipTokensOfLastSequence(prompt.skippedTokens) }
    try checkEmbeddings(of: batch.ids[batch.tokenRange(of: batch.sequenceCount - 1)])
  }

  /// Checks tokens that may come from anywhere.
  ///
  /// - Throws: ``TokenError`` for a sequence without tokens or with too many, for an id that has no embedding, and for a
  ///   type that the model does not have.
  func check(_ tokens: TokenBatch) throws(TokenError) {
    let sizes = configuration, allowed = 0..<Int32(clamping: sizes.vocabularySize)
    let types = 0..<Int32(clamping: sizes.typeVocabularySize)
    for sequence in 0..<tokens.sequenceCount {
      let range = tokens.tokenRange(of: sequence)
      try checkEmbeddings(of: tokens.ids[range])
      guard range.count <= allowedLengths.upperBound else {
        throw .tooMany(range.count, input: sequence, limit: allowedLengths.upperBound)
      }
      if let id = tokens.ids[range].first(where: { !allowed.contains($0) }) {
        throw .unknownID(id, input: sequence, limit: sizes.vocabularySize)
      }
      // A model without token types reads none.
      if !types.isEmpty, let type = tokens.typeIDs[range].first(where: { !types.contains($0) }) {
        throw .unknownType(type, input: sequence, limit: types.count)
      }
    }
  }

  /// - Throws: ``TokenError`` if there is no token, or if one has no embedding, as only added tokens may.
  func checkEmbeddings(of ids: ArraySlice<Int32>) throws(TokenError) {
    guard !ids.isEmpty || folder.transformer.acceptsEmptyTexts else { throw .noTokens(folder: folder.transformerPath) }
    guard let embeddingLimit, let id = ids.first(where: { $0 >= embeddingLimit }) else { return }
    throw .noEmbedding(
      token: tokenizer.token(of: id) ?? "", id: id, embeddings: Int(embeddingLimit), folder: folder.transformerPath)
  }
}
