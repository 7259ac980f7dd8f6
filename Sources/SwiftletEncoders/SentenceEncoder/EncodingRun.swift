// SPDX-License-Identifier: Apache-2.0

import SwiftletTensors
import SwiftletTokenizers

/// Computes a row of numbers for each of some texts, or pairs of texts, in two rounds of tasks for a thread pool: first
/// chunks of them are split into tokens, then pieces of the token batch go through the model. Each task writes its own
/// rows of the result.
final class EncodingRun: Sendable {
  private struct State {
    var chunks: [TokenBatch?]
    var batch = TokenBatch()
    var pieces: [Range<Int>] = []
    /// The error of the first chunk that has one, whichever thread was faster.
    var failure: (chunk: Int, error: any Error)?
  }

  private let count: Int
  private let rows: Tensor
  private let pool: ThreadPool
  private let append: @Sendable (_ index: Int, _ batch: inout TokenBatch) throws -> Void
  private let compute: @Sendable (_ batch: TokenBatch, _ worker: Worker) -> Tensor
  private let state: Monitor<State>

  private static let chunkSize = 64

  /// - Parameters:
  ///   - count: the number of texts or pairs.
  ///   - rowLength: the number of numbers of each.
  ///   - append: appends the tokens of the text or pair with this index.
  ///   - compute: computes the rows of a batch, `[sequences, rowLength]`.
  init(
    count: Int, rowLength: Int, on pool: ThreadPool,
    append: @escaping @Sendable (_ index: Int, _ batch: inout TokenBatch) throws -> Void,
    compute: @escaping @Sendable (_ batch: TokenBatch, _ worker: Worker) -> Tensor
  ) {
    self.count = count
    self.pool = pool
    self.append = append
    self.compute = compute
    rows = Tensor(uninitialized: [count, rowLength])
    let chunkCount = (count + EncodingRun.chunkSize - 1) / EncodingRun.chunkSize
    state = Monitor(State(chunks: Array(repeating: nil, count: chunkCount)))
  }

  /// The rows, and the indices of what was cut to the maximum length.
  typealias Result = (rows: Tensor, truncated: [Int])

  /// Runs on the calling thread and those of the pool.
  func result() throws -> Result {
    pool.run(count: chunkCount) { chunk, _ in self.tokenize(chunk) }
    pool.run(count: try plan()) { piece, worker in self.compute(piece, worker) }
    return finished
  }

  /// Runs on the pool's threads while the caller is suspended.
  ///
  /// - Throws: also `CancellationError`, which is checked before each chunk and piece.
  func result() async throws -> Result {
    try await pool.run(count: chunkCount) { chunk, _ in self.tokenize(chunk) }
    try await pool.run(count: try plan()) { piece, worker in self.compute(piece, worker) }
    return finished
  }

  private var finished: Result {
    let truncated = state.withLock { $0.batch.truncated }
    return (rows, truncated.indices.filter { truncated[$0] })
  }

  // MARK: First round: tokens

  private var chunkCount: Int { state.withLock { $0.chunks.count } }

  private func tokenize(_ chunk: Int) {
    var batch = TokenBatch()
    do {
      for index in chunk * EncodingRun.chunkSize..<min(count, (chunk + 1) * EncodingRun.chunkSize) {
        try append(index, &batch)
      }
    } catch {
      state.withLock { state in
        if chunk < state.failure?.chunk ?? .max { state.failure = (chunk, error) }
      }
    }
    state.withLock { [batch] in $0.chunks[chunk] = batch }
  }

  /// Joins the chunks and splits the tokens into pieces.
  ///
  /// - Returns: the number of pieces.
  private func plan() throws -> Int {
    let threadCount = pool.threadCount
    let result: Swift.Result<Int, any Error> = state.withLock { state in
      if let failure = state.failure { return .failure(failure.error) }
      state.batch = TokenBatch(joining: state.chunks.compactMap { $0 })
      state.chunks = []
      state.pieces = state.batch.pieces(threadCount: threadCount)
      return .success(state.pieces.count)
    }
    return try result.get()
  }

  // MARK: Second round: numbers

  private func compute(_ piece: Int, _ worker: Worker) {
    let (batch, sequences, pieceCount) = state.withLock { state in
      (state.batch[state.pieces[piece]], state.pieces[piece], state.pieces.count)
    }
    func write(_ worker: Worker) { rows.matrix.rows(sequences).copy(from: compute(batch, worker).matrix) }
    // With fewer pieces than threads, idle threads help inside the loops.
    if pieceCount < pool.threadCount {
      worker.withTeam { write($0) }
    } else {
      write(worker)
    }
  }
}
