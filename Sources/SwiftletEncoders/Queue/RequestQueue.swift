// SPDX-License-Identifier: Apache-2.0

import SwiftletAutodiff
package import SwiftletTensors
import SwiftletTokenizers

/// Shares a processor among many tasks that embed texts or score pairs at once.
///
/// ```swift
/// let queue = RequestQueue()
/// let vectors = try await queue.encode(["A man is eating food."], with: encoder, deadline: .now + .seconds(5))
/// ```
///
/// Requests that wait are computed together, in rounds of at most ``Limits/roundDuration``, and each request has its part
/// of every round: a request of thousands of texts delays one of a single text by about a round. Vectors and scores have
/// the same bits as without a queue. What is cancelled or past its deadline is not computed any more. A full queue refuses
/// requests with an estimate of the wait, so memory is bounded.
///
/// One queue serves any number of encoders and cross-encoders, and computes on all processors.
public final class RequestQueue: Sendable {
  /// How much a queue holds.
  public struct Limits: Sendable {
    /// The number of tokens that wait or are computed.
    public var tokens: Int
    /// The bytes of texts, tokens and results of all requests together.
    public var bytes: Int
    /// How long a thread computes before it turns to what came in meanwhile. A single long text can take longer.
    public var roundDuration: Duration

    /// The default limits are 1,048,576 tokens, 256 MiB and 25 ms.
    public init(tokens: Int = 1 << 20, bytes: Int = 256 << 20, roundDuration: Duration = .milliseconds(25)) {
      precondition(tokens > 0 && bytes > 0 && roundDuration > .zero, "limits above zero")
      self.tokens = tokens
      self.bytes = bytes
      self.roundDuration = roundDuration
    }
  }

  /// What a queue does at the moment.
  public struct Status: Sendable {
    /// The number of requests with texts that no round has begun.
    public let waitingRequests: Int
    /// Tokens that nobody computes yet.
    public let waitingTokens: Int
    /// Tokens that are computed now.
    public let runningTokens: Int
    /// The bytes of texts, tokens and results.
    public let heldBytes: Int
    /// How long what is here will take.
    public let estimatedWait: Duration
    /// When a round last began or ended; nil if nothing is computed. An old one tells that the processor is stuck.
    public let lastProgress: ContinuousClock.Instant?
  }

  /// One batch that was computed.
  public struct Round: Sendable {
    /// The number of texts or pairs.
    public let sequenceCount: Int
    /// The number of tokens.
    public let tokenCount: Int
    /// How long it took.
    public let duration: Duration
  }

  /// A result and its times.
  public struct Completion<Output: Sendable>: Sendable {
    /// The result.
    public let output: Output
    /// From the request to the beginning of its first round.
    public let waited: Duration
    /// From there to the end of its last round.
    public let computed: Duration
  }

  private struct State {
    var plan: RequestPlan
    var lastProgress = ContinuousClock.now
  }

  private let state: Monitor<State>
  private let pool: ThreadPool
  private let onRound: (@Sendable (Round) -> Void)?

  /// A queue that computes on the library's threads.
  ///
  /// - Parameters:
  ///   - limits: how much the queue holds.
  ///   - onRound: called after each round, from a thread that computes: it should return soon.
  public convenience init(limits: Limits = Limits(), onRound: (@Sendable (Round) -> Void)? = nil) {
    self.init(limits: limits, pool: .shared, onRound: onRound)
  }

  package init(limits: Limits, pool: ThreadPool, onRound: (@Sendable (Round) -> Void)? = nil) {
    state = Monitor(State(plan: RequestPlan(limits: limits, threadCount: pool.threadCount)))
    self.pool = pool
    self.onRound = onRound
  }

  /// What the queue does at the moment.
  public var status: Status {
    state.withLock { state in
      Status(
        waitingRequests: state.plan.waitingRequests, waitingTokens: state.plan.waitingTokens,
        runningTokens: state.plan.runningTokens, heldBytes: state.plan.heldBytes,
        estimatedWait: state.plan.estimatedWait,
        lastProgress: state.plan.roundCount > 0 ? state.lastProgress : nil)
    }
  }

  // MARK: Requests

  /// Computes a request.
  ///
  /// - Parameters:
  ///   - request: what to compute, and with which model.
  ///   - deadline: when the result is of no use any more; nil: never.
  ///   - cache: where the results of sequences are looked for and kept; nil: every sequence is computed.
  /// - Throws: ``RequestQueueError`` if the queue is full, the request too large or the deadline past, and
  ///   `CancellationError`.
  public func result<Output>(
    of request: ModelRequest<Output>, deadline: ContinuousClock.Instant? = nil, cache: EmbeddingCache? = nil
  ) async throws -> Completion<Output> {
    guard let cache, let lookup = cache.lookUp(request.work) else {
      let result = try await rows(of: request.work, deadline)
      return Completion(output: request.output(result.rows), waited: result.waited, computed: result.computed)
    }
    let result = try await rows(of: lookup.missing, deadline)
    cache.insert(result.rows, for: lookup)
    let all = lookup.rows(with: result.rows)
    return Completion(output: request.output(all), waited: result.waited, computed: result.computed)
  }

  private func rows(
    of work: RequestedWork, _ deadline: ContinuousClock.Instant?
  ) async throws -> HeldRequest.Result {
    if let deadline, deadline <= .now { throw RequestQueueError.deadlineExceeded }
    let held = HeldRequest(work)
    let timer = deadline.map { deadline in
      Task {
        try await Task.sleep(until: deadline, clock: .continuous)
        self.drop(held, RequestQueueError.deadlineExceeded)
      }
    }
    defer { timer?.cancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { self.admit(held, caller: $0) }
    } onCancel: {
      drop(held, CancellationError())
    }
  }

  /// Counts bytes of texts, that are to become requests, for the queue's limit while `body` runs.
  func holding<Value>(bytes: Int, _ body: () async throws -> Value) async throws -> Value {
    try state.withLock { state in Result { () throws(RequestQueueError) in try state.plan.hold(bytes: bytes) } }.get()
    defer { state.withLock { $0.plan.release(bytes: bytes) } }
    return try await body()
  }

  private func admit(_ request: HeldRequest, caller: CheckedContinuation<HeldRequest.Result, any Error>) {
    let (failure, count): ((any Error)?, Int) = state.withLock { state in
      if let failure = request.failure { return (failure, 0) }
      guard request.sequenceCount > 0 else { return (nil, 0) }
      do throws(RequestQueueError) { try state.plan.admit(request) } catch { return (error, 0) }
      request.caller = caller
      return (nil, state.plan.roundsToBegin())
    }
    if let failure { return caller.resume(throwing: failure) }
    if request.sequenceCount == 0 { return caller.resume(returning: request.timedResult()) }
    begin(rounds: count)
  }

  /// Gives up a request unless it is complete.
  private func drop(_ request: HeldRequest, _ failure: any Error) {
    let caller = state.withLock { state -> CheckedContinuation<HeldRequest.Result, any Error>? in
      guard !request.isDropped, request.doneCount < request.sequenceCount else { return nil }
      request.failure = failure
      state.plan.drop(request)
      return request.caller.take()
    }
    caller?.resume(throwing: failure)
  }

  // MARK: Rounds

  private func begin(rounds count: Int) {
    for _ in 0..<count { pool.start { worker in self.computeRound(worker) } }
  }

  private func computeRound(_ worker: Worker) {
    let start = ContinuousClock.now
    let next = state.withLock { state -> RequestPlan.Round? in
      state.lastProgress = start
      let round = state.plan.nextRound()
      for part in round?.parts ?? [] where part.request.beginning == nil { part.request.beginning = start }
      return round
    }
    guard let round = next else { return }
    if round.isAlone { worker.withTeam { compute(round, $0) } } else { compute(round, worker) }
    let end = ContinuousClock.now
    let (complete, count) = state.withLock { state in
      state.lastProgress = end
      let complete = state.plan.finish(round, seconds: (end - start).seconds)
      return (complete.map { ($0, $0.caller.take()) }, state.plan.roundsToBegin())
    }
    begin(rounds: count)
    for (request, caller) in complete { caller?.resume(returning: request.timedResult()) }
    onRound?(
      Round(
        sequenceCount: round.parts.reduce(0) { $0 + $1.sequences.count }, tokenCount: round.tokenCount,
        duration: end - start))
  }

  /// Computes a round's rows and writes them to the results of its requests.
  private func compute(_ round: RequestPlan.Round, _ worker: Worker) {
    let computation = round.computation
    let batch = TokenBatch(joining: round.parts.map { $0.request.work.tokens[$0.sequences] })
    let context = Context(weights: computation.weights, worker: worker)
    let rows = computation.rows(batch, context).tensor.matrix
    var first = 0
    for part in round.parts {
      let work = part.request.work, places = work.rows(of: part.sequences)
      let own = Tensor(uninitialized: [places.count, rows.columns], in: worker.workspace)
      own.matrix.copy(from: rows.rows(first..<first + places.count))
      first += places.count
      part.request.result.matrix.rows(places).copy(from: work.finish(context.constant(own)).tensor.matrix)
    }
  }
}
