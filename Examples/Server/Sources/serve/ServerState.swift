// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether the server drains, and its connections.
final class ServerState: Sendable {
  let connections = Connections()
  private let draining = Atomic<Bool>(false)

  /// Whether the server takes no more work, since it is about to end.
  var isDraining: Bool { draining.load(ordering: .acquiring) }

  func drain() { draining.store(true, ordering: .releasing) }
}

/// Passes what a request took from the route to the middleware.
final class WorkBox: Sendable {
  private let work = Mutex<RequestWork?>(nil)

  func set(_ new: RequestWork) { work.withLock { $0 = new } }

  var value: RequestWork? { work.withLock { $0 } }
}
