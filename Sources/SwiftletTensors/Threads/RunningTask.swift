// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A task that a pool runs, and the tasks that wait for it.
///
/// A synchronous call to a pool asks here whether one of that pool's tasks waits for it. If so, that task holds a
/// workspace that would be waited for in vain, and the call brings its own.
final class RunningTask: Sendable {
  /// The innermost task that this thread is in the middle of; nil outside of tasks.
  @TaskLocal static var current: RunningTask?

  private let queue: JobQueue

  /// The task that waits for this task's job.
  private let outer: RunningTask?

  /// A Swift task that was started in here inherits ``current``, and may outlive this.
  private let isRunning = Atomic(true)

  private init(queue: JobQueue, outer: RunningTask?) {
    self.queue = queue
    self.outer = outer
  }

  /// Runs `body` as a task of a queue.
  ///
  /// - Parameter origin: the task that waits for the job.
  static func run(on queue: JobQueue, origin: RunningTask?, _ body: () -> Void) {
    let task = RunningTask(queue: queue, outer: origin)
    $current.withValue(task, operation: body)
    task.isRunning.store(false, ordering: .relaxed)
  }

  /// Whether a task of the queue waits for what this thread does.
  static func isInside(_ queue: JobQueue) -> Bool {
    var task = current
    while let inner = task {
      if inner.queue === queue, inner.isRunning.load(ordering: .relaxed) { return true }
      task = inner.outer
    }
    return false
  }
}
