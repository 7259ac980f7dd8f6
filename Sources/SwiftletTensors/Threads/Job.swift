// SPDX-License-Identifier: Apache-2.0

/// A list of independent tasks, started in order.
final class Job: @unchecked Sendable {
  // SAFETY: what changes is touched with the lock of the job's queue held only.

  let task: @Sendable (Int, Worker) -> Void

  /// Whether the tasks only help another job's task along: worth doing when nothing else waits.
  let isHelp: Bool

  /// The task of a pool that waits for this job; nil if none does.
  let origin: RunningTask?

  /// What the synchronous caller waits on; nil if there is none.
  let caller: Condition?

  private(set) var isCancelled = false
  private var count: Int
  private var begun = 0
  private var done = 0
  private var completion: (@Sendable () -> Void)?

  /// The job's neighbors in the list that holds it.
  fileprivate var next: Job?
  fileprivate unowned var previous: Job?
  fileprivate var isListed = false

  init(
    count: Int, isHelp: Bool = false, caller: Condition? = nil, origin: RunningTask? = .current,
    task: @escaping @Sendable (Int, Worker) -> Void
  ) {
    self.count = count
    self.isHelp = isHelp
    self.caller = caller
    self.task = task
    self.origin = origin
  }

  /// The number of tasks that have not started.
  var waiting: Int { count - begun }

  var isDone: Bool { done == count }

  /// The next task's index.
  func begin() -> Int? {
    guard begun < count else { return nil }
    defer { begun += 1 }
    return begun
  }

  /// Notes that a task ended.
  func end() { done += 1 }

  /// Drops the tasks that have not started.
  func cancel() {
    isCancelled = true
    count = begun
  }

  func setCompletion(_ completion: (@Sendable () -> Void)?) { self.completion = completion }

  /// What to call, once, now that the job is done; nil if it is not.
  func takeCompletion() -> (@Sendable () -> Void)? {
    guard isDone else { return nil }
    defer { completion = nil }
    return completion
  }
}

/// The jobs of a queue that have tasks to start, first come first served. Every operation takes constant time.
///
/// A doubly linked list through the jobs. A job leaves it with its last waiting task, wherever it stands: the task may
/// own the pool, which would never end while its queue held the job.
struct JobList {
  private(set) var first: Job?
  private var last: Job?

  /// The number of tasks of all jobs that have not started.
  private(set) var waiting = 0

  mutating func append(_ job: Job) {
    guard job.waiting > 0 else { return }
    job.isListed = true
    job.previous = last
    if let last { last.next = job } else { first = job }
    last = job
    waiting += job.waiting
  }

  /// Begins the next task of a job that is in the list.
  mutating func begin(_ job: Job) -> Int? {
    guard job.isListed, let index = job.begin() else { return nil }
    waiting -= 1
    if job.waiting == 0 { remove(job) }
    return index
  }

  /// Drops the tasks of a job that have not started.
  mutating func cancel(_ job: Job) {
    if job.isListed {
      waiting -= job.waiting
      remove(job)
    }
    job.cancel()
  }

  private mutating func remove(_ job: Job) {
    let previous = job.previous, next = job.next
    if let previous { previous.next = next } else { first = next }
    if let next { next.previous = previous } else { last = previous }
    job.next = nil
    job.previous = nil
    job.isListed = false
  }
}
