// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Logging
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Runs a server until a signal, then lets it finish what it was asked for.
///
/// On the first SIGTERM or SIGINT the server is unready, takes no work after a delay, and the process ends with 0 when all
/// answers are written or the time for it is over. A second signal ends it at once.
struct Lifecycle: Sendable {
  let state: ServerState
  /// How long load balancers have to notice that the server is unready.
  let drainDelay: Duration
  let drainTimeout: Duration
  let logger: Logger

  func run(_ application: some ApplicationProtocol) async throws {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: [.init(service: application)], logger: logger))
    let watch = Task { try await drainAfterSignal(group) }
    defer { watch.cancel() }
    try await group.run()
  }

  private func drainAfterSignal(_ group: ServiceGroup) async throws {
    var count = 0
    for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
      count += 1
      if count > 1 { exit(128 + signal.rawValue) }
      logger.info("draining", metadata: ["signal": "\(signal)"])
      state.drain()
      Task {
        try await Task.sleep(for: drainDelay)
        await group.triggerGracefulShutdown()
        try await Task.sleep(for: drainTimeout)
        logger.warning("requests were cut off, since they did not end in time")
        exit(0)
      }
    }
  }
}
