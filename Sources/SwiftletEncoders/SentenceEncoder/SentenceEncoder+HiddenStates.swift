// SPDX-License-Identifier: Apache-2.0

package import SwiftletAutodiff
public import SwiftletTensors
package import SwiftletTokenizers

extension SentenceEncoder {
  /// Computes the hidden states of each token of a text.
  ///
  /// - Parameters:
  ///   - text: a text without a prompt; it is cut to ``maxLength`` tokens.
  ///   - pair: a second text, for models trained on pairs.
  /// - Returns: `[tokens, hidden]` of the embeddings and then of each layer, including special tokens.
  /// - Throws: A ``SwiftletError`` if a text has over 2 GB, if ``maxLength`` has no room for a pair, if the model has
  ///   no token type for the second text, or if it has no transformer.
  public func hiddenStates(_ text: String, pair: String? = nil) throws -> [Tensor] {
    let typeCount = try tokenTransformer(for: "hidden states").configuration.typeVocabularySize
    let encoding = try tokenizer.encode(text, pair: pair, options: EncodingOptions(maxLength: maxLength))
    guard typeCount == 0 || encoding.typeIDs.allSatisfy({ $0 < typeCount }) else { throw EncoderSettingsError.noPairs }
    try pipeline.checkEmbeddings(of: encoding.ids[...])
    var batch = TokenBatch()
    batch.append(ids: encoding.ids, typeIDs: encoding.typeIDs)
    return try hiddenStates(of: batch)
  }

  /// Computes the hidden states of the embeddings and of each layer, `[tokens, hidden]`.
  ///
  /// - Parameter tape: records the pass, which changes no bit.
  package func hiddenStates(of batch: TokenBatch, tape: Tape? = nil) throws(EncoderSettingsError) -> [Tensor] {
    let model = try tokenTransformer(for: "hidden states")
    return run(tape: tape) { context, states in
      _ = model(batch, reading: .all, in: context) { states.append($0.tensor) }
    }
  }

  /// - Throws: if the transformer has no vectors of tokens.
  func tokenTransformer(for wish: String) throws(EncoderSettingsError) -> any Transformer {
    let transformer = pipeline.folder.transformer
    guard transformer.fixedPooling == nil else { throw .noTransformer(for: wish) }
    return transformer
  }

  private func run(tape: Tape?, _ pass: @escaping (Context, States) -> Void) -> [Tensor] {
    let states = States()
    pool.run(count: 1) { _, worker in
      worker.withTeam { pass(Context(weights: weights, worker: $0, tape: tape), states) }
    }
    return states.all
  }

  private final class States: Sendable {
    private let tensors = Monitor<[Tensor]>([])
    var all: [Tensor] { tensors.withLock { $0 } }
    /// Appends a copy, so that the workspace can reuse its memory.
    func append(_ tensor: Tensor) {
      let copy = Tensor(tensor.values, shape: tensor.shape)
      tensors.withLock { $0.append(copy) }
    }
  }
}
