// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
public import SwiftletTensors
public import SwiftletTokenizers

/// Tokens and what a model is to compute from them, for a ``RequestQueue``.
///
/// Made by ``SentenceEncoder/request(for:)``, ``SentenceEncoder/tokenVectorRequest(for:)`` and
/// ``CrossEncoder/request(for:asLogits:)``.
public struct ModelRequest<Output: Sendable>: Sendable {
  let work: RequestedWork

  /// What is made of the rows of all sequences.
  let output: @Sendable (Tensor) -> Output

  /// The number of tokens to compute.
  public var tokenCount: Int { work.tokens.ids.count }

  /// The bytes that the result will take.
  public var resultByteCount: Int { work.rowCount * work.rowLength * MemoryLayout<Float>.stride }
}

/// Sequences of tokens and how rows of numbers are computed from them.
struct RequestedWork: Sendable {
  let tokens: TokenBatch
  let computation: SharedComputation

  /// The number of elements of a row.
  let rowLength: Int

  /// What ``finish`` makes.
  let form: RowForm

  /// What is made of the rows of some sequences before they are the result.
  let finish: @Sendable (Variable) -> Variable

  var rowCount: Int { rows(of: 0..<tokens.sequenceCount).upperBound }

  /// The places of sequences in the result.
  func rows(of sequences: Range<Int>) -> Range<Int> {
    guard computation.givesTokenRows else { return sequences }
    return tokens.sequenceStarts[sequences.lowerBound]..<tokens.sequenceStarts[sequences.upperBound]
  }
}

/// What the rows of a result are. Equal sequences have equal rows of the same form and model.
enum RowForm: Hashable, Sendable {
  case vectors(EncoderPipeline.VectorForm)
  case scores(areLogits: Bool)
  case hiddenStates
}

/// What requests of one kind to one model have in common: their sequences can be computed as one batch.
struct SharedComputation: Sendable {
  let model: ModelIdentity

  /// Whether there is a row for each token, not one for each sequence.
  let givesTokenRows: Bool

  /// Computes the rows of a batch, each from its own sequence alone.
  let rows: @Sendable (TokenBatch, Context) -> Variable

  let weights: Weights
}

/// Identifies a model and its weights, and remembers how fast they are.
final class ModelIdentity: Sendable, Hashable {
  private let rate = Monitor<Double?>(nil)

  /// The digest of the model's files, once it was asked for.
  let digest = Monitor<String?>(nil)

  /// The tokens that a thread computes in a second, as measured lately; nil before the first measurement.
  var tokensPerSecond: Double? { rate.withLock { $0 } }

  /// Adds a measurement to ``tokensPerSecond``, a moving average.
  func note(tokens: Int, seconds: Double) {
    guard seconds > 0, tokens > 0 else { return }
    let new = Double(tokens) / seconds
    rate.withLock { $0 = $0.map { 0.8 * $0 + 0.2 * new } ?? new }
  }

  static func == (left: ModelIdentity, right: ModelIdentity) -> Bool { left === right }

  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension SentenceEncoder {
  /// A request for the vectors of tokens, as ``encode(_:)-26yrt`` computes them.
  ///
  /// Requests to encoders that ``with(normalize:truncateDimension:)`` made of one another are computed together.
  ///
  /// - Throws: A ``SwiftletError`` for tokens that the model does not have, or too many of them.
  public func request(for tokens: TokenBatch) throws -> ModelRequest<Embeddings> {
    try pipeline.check(tokens)
    let pipeline = pipeline
    let computation = SharedComputation(
      model: model, givesTokenRows: false, rows: { pipeline.unfinished($0, in: $1) }, weights: weights)
    let work = RequestedWork(
      tokens: tokens, computation: computation, rowLength: dimension, form: .vectors(pipeline.vectorForm),
      finish: { pipeline.finished($0) })
    return ModelRequest(work: work) { Embeddings(tensor: $0, truncated: tokens.truncatedSequences) }
  }

  /// A request for the last hidden states of each token: `[tokens, hidden]` for each sequence, special tokens included.
  ///
  /// - Throws: A ``SwiftletError`` for tokens that the model does not have, or too many of them, and for a model of
  ///   static embeddings, which has no hidden states.
  public func tokenVectorRequest(for tokens: TokenBatch) throws -> ModelRequest<[Tensor]> {
    try pipeline.check(tokens)
    let transformer = try tokenTransformer(for: "token embeddings")
    let computation = SharedComputation(
      model: model, givesTokenRows: true,
      rows: { batch, context in transformer(batch, reading: .all, in: context) { _ in }.vectors }, weights: weights)
    let hidden = configuration.hiddenSize
    let work = RequestedWork(
      tokens: tokens, computation: computation, rowLength: hidden, form: .hiddenStates, finish: { $0 })
    return ModelRequest(work: work) { states in
      (0..<tokens.sequenceCount).map { sequence in
        let rows = tokens.tokenRange(of: sequence)
        let elements = rows.lowerBound * hidden..<rows.upperBound * hidden
        return Tensor(shape: [rows.count, hidden], buffer: TensorBuffer(elements, of: states.buffer))
      }
    }
  }
}

extension CrossEncoder {
  /// A request for the scores of pairs that are split into tokens already.
  ///
  /// - Parameters:
  ///   - tokens: those of ``tokens(of:prompt:truncation:)-8vzma``.
  ///   - asLogits: whether to leave out the folder's function from logits to scores.
  /// - Throws: A ``SwiftletError`` for tokens that the model does not have, or too many of them.
  public func request(for tokens: TokenBatch, asLogits: Bool = false) throws -> ModelRequest<PairScores> {
    try pipeline.check(tokens)
    let encoder = self
    let computation = SharedComputation(
      model: model, givesTokenRows: false, rows: { encoder.pipeline.vectors($0, in: $1) }, weights: weights)
    let work = RequestedWork(
      tokens: tokens, computation: computation, rowLength: labels.count, form: .scores(areLogits: asLogits),
      finish: { encoder.scores($0, asLogits) })
    return ModelRequest(work: work) { PairScores(tensor: $0, truncated: tokens.truncatedSequences) }
  }
}

extension TokenBatch {
  /// The sequences that were cut.
  var truncatedSequences: [Int] { truncated.indices.filter { truncated[$0] } }
}
