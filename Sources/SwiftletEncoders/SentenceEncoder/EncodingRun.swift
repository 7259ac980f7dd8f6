// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
import SwiftletTensors
import SwiftletTokenizers

/// Embeds some texts in two rounds of tasks for a thread pool: first chunks of texts are split into tokens, then pieces
/// of the token batch go through the model. Each task writes its own rows of the result.
final class EncodingRun: Sendable {
  private struct State {
    var chunks: [TokenBatch?]
    var batch = TokenBatch()
    var pieces: [Range<Int>] = []
    var failure: (any Error)?
  }

  private let encoder: SentenceEncoder
  private let texts: [String]
  private let prompt: Prompt
  private let vectors: Tensor
  private let state: Monitor<State>

  /// The number of tasks of the first round.
  let chunkCount: Int

  private static let chunkSize = 64

  init(_ texts: [String], prompt: Prompt, encoder: SentenceEncoder) {
    self.encoder = encoder
    self.texts = texts
    self.prompt = prompt
    vectors = Tensor(uninitialized: [texts.count, encoder.dimension])
    chunkCount = (texts.count + EncodingRun.chunkSize - 1) / EncodingRun.chunkSize
    state = Monitor(State(chunks: Array(repeating: nil, count: chunkCount)))
  }

  // MARK: First round: tokens

  func tokenize(_ chunk: Int) {
    let pipeline = encoder.pipeline, maxLength = encoder.maxLength
    var batch = TokenBatch()
    do {
      for index in chunk * EncodingRun.chunkSize..<min(texts.count, (chunk + 1) * EncodingRun.chunkSize) {
        try pipeline.append(prompt.text(before: texts[index]), to: &batch, maxLength: maxLength)
      }
    } catch {
      state.withLock { $0.failure = $0.failure ?? error }
    }
    state.withLock { [batch] in $0.chunks[chunk] = batch }
  }

  /// Joins the chunks and splits the tokens into pieces.
  ///
  /// - Returns: the number of pieces.
  func plan() throws -> Int {
    let threadCount = encoder.pool.threadCount
    let result: Result<Int, any Error> = state.withLock { state in
      if let failure = state.failure { return .failure(failure) }
      state.batch = TokenBatch(joining: state.chunks.compactMap { $0 })
      state.chunks = []
      state.pieces = state.batch.pieces(threadCount: threadCount)
      return .success(state.pieces.count)
    }
    return try result.get()
  }

  // MARK: Second round: vectors

  func embed(_ piece: Int, _ worker: Worker) {
    let (batch, sequences, pieceCount) = state.withLock { state in
      (state.batch[state.pieces[piece]], state.pieces[piece], state.pieces.count)
    }
    // With fewer pieces than threads, idle threads help inside the loops.
    if pieceCount < encoder.pool.threadCount {
      worker.withTeam { self.embed(batch, sequences, $0) }
    } else {
      embed(batch, sequences, worker)
    }
  }

  private func embed(_ batch: TokenBatch, _ sequences: Range<Int>, _ worker: Worker) {
    let context = Context(weights: encoder.weights, worker: worker)
    let piece = encoder.pipeline.vectors(batch, skipping: prompt.skippedTokens, in: context)
    vectors.matrix.rows(sequences).copy(from: piece.tensor.matrix)
  }

  func result() -> Embeddings {
    let truncated = state.withLock { $0.batch.truncated }
    return Embeddings(tensor: vectors, truncated: truncated.indices.filter { truncated[$0] })
  }
}
