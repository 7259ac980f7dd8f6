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

/// Passes what a request asks for and took from the route to the middleware.
final class WorkBox: Sendable {
  private let state = Mutex<(inputCount: Int?, work: RequestWork?)>((nil, nil))

  /// Notes the number of texts to embed or of pairs to score.
  func begin(inputs count: Int) { state.withLock { $0.inputCount = count } }

  func set(_ work: RequestWork) { state.withLock { $0.work = work } }

  /// nil if the request asks for something else, or it is not known for what.
  var inputCount: Int? { state.withLock { $0.inputCount } }

  /// nil for a request without a result.
  var value: RequestWork? { state.withLock { $0.work } }
}
