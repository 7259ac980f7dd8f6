// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A lock that threads can also wait with: a POSIX mutex around the state that it guards.
///
/// The package's one lock: ThreadSanitizer knows these calls, but not how the standard library's `Mutex` waits.
package final class Monitor<State>: @unchecked Sendable {
  // SAFETY: `state` is touched with the mutex held only.

  private var state: State
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  package init(_ state: State) {
    self.state = state
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `body` with the lock held.
  package func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&state)
  }

  /// Runs `body` with the lock held, again each time the condition wakes this thread, until it gives a result.
  func wait<Result>(on condition: Condition, for body: (inout State) -> Result?) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&state) { return result }
      condition.wait(with: mutex)
    }
  }
}
