// SPDX-License-Identifier: Apache-2.0

/// A lock around the state that it guards, with which threads can also wait.
///
/// The package's one lock: ThreadSanitizer knows the POSIX calls below it, but not how the standard library's `Mutex`
/// waits.
package final class Monitor<State>: @unchecked Sendable {
  // SAFETY: `state` is touched with the lock held only.

  private var state: State
  private let lock = Lock()

  package init(_ state: State) { self.state = state }

  /// Runs `body` with the lock held.
  package func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body(&state)
  }

  /// Runs `body` with the lock held, again each time the condition wakes this thread, until it gives a result.
  func wait<Result>(on condition: Condition, for body: (inout State) -> Result?) -> Result {
    lock.lock()
    defer { lock.unlock() }
    while true {
      if let result = body(&state) { return result }
      condition.wait(with: lock)
    }
  }
}
