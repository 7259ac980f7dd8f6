// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A flag that tells the working thread of a run that its task was cancelled.
final class StopFlag: Sendable {
  private let isSet = Atomic(false)

  func request() { isSet.store(true, ordering: .releasing) }

  /// - Throws: `CancellationError` if the task was cancelled.
  func check() throws {
    if isSet.load(ordering: .acquiring) { throw CancellationError() }
  }
}
