// SPDX-License-Identifier: Apache-2.0

/// A number of independent tasks, handed out in order.
final class Job: @unchecked Sendable {
  // SAFETY: the counts and the completion are touched with the lock of the job's queue held only.

  let task: @Sendable (Int, Worker) -> Void

  /// Whether the tasks only help another job's task along: worth doing when nothing else waits.
  let isHelp: Bool

  private(set) var isCancelled = false
  private var count: Int
  private var begun = 0
  private var done = 0
  private var completion: (@Sendable () -> Void)?

  init(count: Int, isHelp: Bool = false, task: @escaping @Sendable (Int, Worker) -> Void) {
    self.count = count
    self.isHelp = isHelp
    self.task = task
  }

  /// The tasks that nobody has begun.
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

  /// Leaves out the tasks that nobody has begun.
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
