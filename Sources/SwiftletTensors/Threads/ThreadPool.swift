// SPDX-License-Identifier: Apache-2.0

/// Threads that carry out jobs in the order of their submission, at most `threadCount` tasks at a time.
///
/// A job is a number of independent tasks. A synchronous caller lends its own thread to its job, an asynchronous one
/// suspends. Each running task holds one of `threadCount` workspaces, so memory does not grow with the callers; it grows
/// with the depth to which tasks call the pool in turn.
/// Idle threads, all but one, spin for up to about a tenth of a millisecond, unless there are more of them than processors, then
/// sleep.
package final class ThreadPool: Sendable {
  /// The pool of the process: one thread for each processor that the process may use.
  package static let shared = ThreadPool()

  /// How many tasks run at a time.
  package let threadCount: Int

  private let queue: JobQueue

  /// False if the system refused every thread: then callers do all the work themselves.
  private let hasThreads: Bool

  /// - Parameter threadCount: how many tasks may run at a time; nil for one a processor.
  package init(threadCount: Int? = nil) {
    let processors = availableProcessorCount()
    let count = threadCount ?? processors
    precondition(count > 0, "a thread pool needs a thread")
    self.threadCount = count
    let queue = JobQueue(threadCount: count, spins: count <= processors)
    self.queue = queue
    // As many as tasks, though a synchronous caller works too: all callers may be asynchronous.
    hasThreads = (0..<count).reduce(false) { started, _ in System.startThread { queue.workUntilStopped() } || started }
  }

  deinit { queue.stop() }

  /// Runs `task` for each index below `count` and returns when all are done. The calling thread takes part.
  ///
  /// A task may call this in turn, on the same pool too: the thread then works on the new job in memory of its own.
  ///
  /// - Parameter task: runs on several threads at once; what it writes for one index no other may touch.
  package func run(count: Int, _ task: @escaping (_ index: Int, _ worker: Worker) -> Void) {
    let caller = Condition(), isNested = RunningTask.isInside(queue)
    let job = Job(count: count, caller: caller, task: unsafeSendable(task))
    queue.work(on: job, caller: caller, isNested: isNested)
  }

  /// Runs `task` for each index below `count` on the pool's threads while the caller is suspended.
  ///
  /// - Throws: `CancellationError` if the caller's task is cancelled: then the tasks not yet begun are left out.
  package func run(
    count: Int, _ task: @escaping @Sendable (_ index: Int, _ worker: Worker) -> Void
  ) async throws {
    try Task.checkCancellation()
    guard hasThreads else { return runOnCaller(count: count, task) }
    let job = Job(count: count, task: task)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        queue.submit(job) { continuation.resume() }
      }
    } onCancel: {
      queue.cancel(job)
    }
    if queue.isCancelled(job) { throw CancellationError() }
  }

  /// Runs `body` as one task, whose loops all threads of the pool share, and returns its result.
  package func withTeam<Value>(_ body: @escaping (Worker) -> Value) -> Value {
    let result = Monitor<Value?>(nil)
    run(count: 1) { _, worker in
      worker.withTeam { worker in
        let value = body(worker)
        result.withLock { $0 = value }
      }
    }
    guard let value = result.withLock({ $0 }) else { preconditionFailure("a pool carries out its tasks") }
    return value
  }

  /// Runs `body` on one of the pool's threads while the caller is suspended.
  ///
  /// It is carried out to its end even if the caller's task is cancelled.
  package func perform<Value: Sendable>(_ body: @escaping @Sendable (Worker) -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      start(for: .current) { worker in continuation.resume(returning: body(worker)) }
    }
  }

  /// Runs `body` on one of the pool's threads, after what was submitted before. Returns at once.
  ///
  /// Nobody waits for it. So it may start the next in turn without end, and none keeps the one before in memory.
  package func start(_ body: @escaping @Sendable (Worker) -> Void) { start(for: nil, body) }

  private func start(for origin: RunningTask?, _ body: @escaping @Sendable (Worker) -> Void) {
    let task: @Sendable (Int, Worker) -> Void = { _, worker in body(worker) }
    if hasThreads { queue.submit(Job(count: 1, origin: origin, task: task)) } else { run(count: 1, task) }
  }

  /// The synchronous call, which an asynchronous function would not choose.
  private func runOnCaller(count: Int, _ task: @escaping @Sendable (Int, Worker) -> Void) {
    run(count: count, task)
  }

  /// Returns the free memory of all workspaces to the system; for callers whose next tasks need less.
  package func releaseMemory() { queue.emptyWorkspaces() }
}

/// Vouches that a closure may run on other threads: its caller waits for them.
private func unsafeSendable(
  _ task: @escaping (Int, Worker) -> Void
) -> @Sendable (Int, Worker) -> Void {
  nonisolated(unsafe) let task = task
  return { unsafe task($0, $1) }
}
